#include "run_prompt.h"

#include "interrupt.h"
#include "progress.h"
#include "sagitta/base/log.h"
#include "sagitta/graph/execute.h"
#include "sagitta/graph/validate.h"

#include <chrono>
#include <cstdio>
#include <new>

namespace sagitta::cli {
namespace {

const std::string* text_member(const Json& json, std::string_view key) {
  const auto it = json.find(key);
  return it != json.end() && it->is_string() ? &it->get_ref<const std::string&>() : nullptr;
}

std::string dump(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

std::string name_of(const graph::PromptNode& node) {
  return node.title.empty() ? node.class_type : node.title;
}

graph::Watcher watch(ProgressLine& line) {
  return {.on_node_start = [&line](const graph::PromptNode& node) { line.begin(name_of(node)); },
          .on_node_done = [&line](const graph::PromptNode&, const Json&) { line.end(); },
          .on_cached = {},
          .on_progress =
              [&line](const graph::PromptNode&, const graph::Progress& progress) {
                line.update(progress.value, progress.max);
              }};
}

// What nodes such as PreviewAny show.
void log_texts(const Json& ui) {
  for (const auto& [id, shown] : ui.items()) {
    const auto texts = shown.find("text");
    if (texts == shown.end() || !texts->is_array()) continue;
    for (const Json& text : *texts) {
      if (text.is_string())
        log(LogLevel::info, "node {}: {}", id, text.get_ref<const std::string&>());
    }
  }
}

Json error_object(const Error& error) {
  Json object{{"status", "error"}, {"fault", fault_name(error.fault())}, {"message", error.what()}};
  if (const auto* const node = dynamic_cast<const graph::NodeError*>(&error)) {
    object["node_id"] = node->node_id();
    object["class_type"] = node->class_type();
  }
  object["exit_code"] = static_cast<int>(exit_code(error.fault()));
  return object;
}

ExitCode report(const Reporting& reporting, const Error& error) {
  if (reporting.json) {
    fmt::print("{}\n", dump(error_object(error)));
  } else {
    fmt::print(stderr, "sagitta: {}\n", error.what());
  }
  return exit_code(error.fault());
}

}  // namespace

std::vector<std::filesystem::path> written_files(const Json& ui, const nodes::Services& services) {
  std::vector<std::filesystem::path> files;
  for (const Json& shown : ui) {
    for (const Json& list : shown) {
      if (!list.is_array()) continue;
      for (const Json& entry : list) {
        if (!entry.is_object()) continue;
        const std::string* const name = text_member(entry, "filename");
        const std::string* const subfolder = text_member(entry, "subfolder");
        const std::string* const type = text_member(entry, "type");
        if (name == nullptr || type == nullptr) continue;
        const std::filesystem::path& root =
            *type == "temp" ? services.temp_dir : services.output_dir;
        files.push_back(root / (subfolder == nullptr ? "" : *subfolder) / *name);
      }
    }
  }
  return files;
}

void run_prompt(const graph::Workflow& workflow, const graph::Registry& registry, Engine& engine,
                const Reporting& reporting,
                const std::function<void(std::vector<std::filesystem::path>&)>& deliver) {
  const auto start = std::chrono::steady_clock::now();
  const graph::ServicesRef services = graph::ServicesRef::to(engine.services());
  const graph::Validation validation = graph::validate(workflow.prompt, registry, services);
  graph::require_valid(validation);
  for (const graph::Issue& issue : validation.unused) {
    log(LogLevel::warning, "not used and not run: {}", graph::to_text(issue));
  }

  ProgressLine line(ProgressLine::standard_error());
  graph::Cache cache;
  graph::RunResult result;
  try {
    result = graph::execute(workflow.prompt, registry, cache,
                            {.services = services,
                             .extra_pnginfo = workflow.extra_pnginfo,
                             .watcher = reporting.quiet ? graph::Watcher{} : watch(line),
                             .cancel = &catch_interrupts(),
                             .keep_results = false});
  } catch (...) {
    line.end();
    throw;
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;

  std::vector<std::filesystem::path> files = written_files(result.ui, engine.services());
  if (deliver) deliver(files);
  if (!reporting.json) {
    log_texts(result.ui);
    for (const std::filesystem::path& file : files) fmt::print("{}\n", file.string());
    return;
  }
  Json paths = Json::array();
  for (const std::filesystem::path& file : files) paths.push_back(file.string());
  const Json object{{"status", "success"},     {"files", paths},
                    {"outputs", result.ui},    {"executed", result.executed},
                    {"cached", result.cached}, {"seconds", seconds.count()}};
  fmt::print("{}\n", dump(object));
}

ExitCode report_errors(const Reporting& reporting, const std::function<void()>& work) {
  try {
    work();
    return kOk;
  } catch (const Error& error) {
    return report(reporting, error);
  } catch (const std::bad_alloc&) {
    return report(reporting, Error(Fault::out_of_memory, "there is not enough memory"));
  } catch (const std::exception& error) {
    return report(reporting, Error(Fault::internal, error.what()));
  }
}

}  // namespace sagitta::cli
