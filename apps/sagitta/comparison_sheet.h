// How a comparison is shown: a contact sheet for people, an object for programs.
#pragma once

#include "comparison.h"
#include "sagitta/base/json.h"
#include "sagitta/draw/contact_sheet.h"

namespace sagitta::cli {

// `title` may be empty: the prompt then, or the names of the axes.
[[nodiscard]] draw::Sheet comparison_sheet(const Comparison& comparison,
                                           const std::vector<CellResult>& results,
                                           const std::string& title);

// Throws bad_input if the pictures alone are more than a contact sheet can hold.
void require_fitting_sheet(const Comparison& comparison);

// {"sheet": file, "width", "height", "base": {parameter: value}, "x": {"parameter", "values"}, "y":
// the same or null,
//  "cells": [{"column", "row", "parameters": {...}, "left", "top", "width", "height", "seconds",
//  "files", "same_as"}], "seconds"}: cells row by row, their places in pixels of the sheet;
//  "same_as" is there for
// a cell that is the same picture as an earlier one.
[[nodiscard]] Json comparison_json(const Comparison& comparison,
                                   const std::vector<CellResult>& results, const draw::Sheet& sheet,
                                   const std::filesystem::path& file);

}  // namespace sagitta::cli
