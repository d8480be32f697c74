// A test with folders, a device and services of its own; the folders go with it.
#pragma once

#include "sagitta/backend/open.h"
#include "sagitta/nodes/services.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

namespace sagitta::nodes::test {

class Workspace : public testing::Test {
 protected:
  explicit Workspace(const std::string& device = "cpu") : device_(open_device(device)) {
    std::filesystem::remove_all(root_);
    std::filesystem::create_directories(root_);
  }
  ~Workspace() override { std::filesystem::remove_all(root_); }

  std::filesystem::path root_ =
      std::filesystem::path(testing::TempDir()) /
      (std::string(testing::UnitTest::GetInstance()->current_test_info()->test_suite_name()) + "_" +
       testing::UnitTest::GetInstance()->current_test_info()->name());
  std::unique_ptr<Device> device_;
  Services services_{.device = *device_,
                     .text_device = *device_,
                     .models_dirs = {root_ / "models"},
                     .input_dir = root_ / "input",
                     .output_dir = root_ / "output",
                     .temp_dir = root_ / "temp"};
};

}  // namespace sagitta::nodes::test
