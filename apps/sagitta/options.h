// Options that several subcommands share, and what is made of them.
#pragma once

#include "sagitta/core/device.h"
#include "sagitta/nodes/services.h"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace sagitta::cli {

// Where things are.
struct FolderOptions {
  std::vector<std::filesystem::path> models = {"models"};
  std::filesystem::path input = "input";
  std::filesystem::path output = "output";
};

// What computes.
struct DeviceChoice {
  std::string device = "cpu";
  std::string dtype = "auto";  // auto, f32, bf16 or int8
  int threads = 0;             // 0: all
};

// What is written to the terminal.
struct Reporting {
  bool json = false;   // one JSON object on standard output instead of paths
  bool quiet = false;  // no progress
};

void add_folder_options(CLI::App& app, FolderOptions& options);
void add_device_options(CLI::App& app, DeviceChoice& options);
void add_reporting_options(CLI::App& app, Reporting& options);

// The devices and services of one program run. Must stay where it is while nodes use it.
class Engine {
 public:
  // Throws Error for devices, types and thread counts that do not exist here.
  Engine(const FolderOptions& folders, const DeviceChoice& choice);

  [[nodiscard]] nodes::Services& services() { return services_; }

 private:
  std::unique_ptr<Device> device_;
  std::unique_ptr<Device> plain_device_;  // as device_ without int8; null if device_ is that
  std::unique_ptr<Device> f32_device_;    // null if one of these computes in f32
  nodes::Services services_;

  [[nodiscard]] Device& plain() { return plain_device_ ? *plain_device_ : *device_; }
};

}  // namespace sagitta::cli
