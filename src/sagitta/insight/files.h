// A folder of files about a run:
//   sheet.png                 all steps at a glance (at most eight columns)
//   animation.webp            the steps in motion
//   insight.json              figures, layers, and the names of the files below
//   step_001_attention.png    each panel of each step, and what was drawn as step_001_attention.npy
//   step_001_word_02_fox.png  what looks at each word; step_001_words.npy has all maps
#pragma once

#include "sagitta/base/json.h"
#include "sagitta/insight/panels.h"

#include <filesystem>

namespace sagitta::insight {

struct FilesOptions {
  PanelOptions panels;
  std::string title;  // of the sheet
  Json prompt;        // the workflow, for insight.json
};

// Makes the folder if need be. Every file appears complete or not at all; files by these names that
// an earlier run left and this one does not write are removed. Throws bad_file naming file and
// reason.
void write_files(const InsightRecord& record, const std::filesystem::path& folder,
                 const FilesOptions& options);

}  // namespace sagitta::insight
