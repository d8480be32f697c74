#include "sagitta/graph/call.h"

#include <cxxabi.h>

#include <cstdlib>
#include <memory>

namespace sagitta::graph {
namespace {

std::string readable(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(
      abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), &std::free);
  return status == 0 ? name.get() : type.name();
}

}  // namespace

bool NodeCall::has(std::string_view name) const {
  return literals.contains(name) || links.find(name) != links.end();
}

const std::any* NodeCall::find_any(std::string_view name) const {
  const auto it = links.find(name);
  return it == links.end() ? nullptr : &it->second;
}

void NodeCall::throw_wrong_type(std::string_view name, const std::type_info& is,
                                const std::type_info& expected) {
  throw Error(Fault::bad_input,
              fmt::format("input \"{}\" is linked to a value of type {}, expected {}", name,
                          readable(is), readable(expected)));
}

const Json& NodeCall::literal(std::string_view name, std::string_view expected) const {
  const auto it = literals.find(name);
  require(it != literals.end(), Fault::bad_input, "input \"{}\" is missing, expected {}", name,
          expected);
  return *it;
}

std::int64_t NodeCall::integer(std::string_view name) const {
  const Json& value = literal(name, "an integer");
  require(value.is_number_integer(), Fault::bad_input, "input \"{}\" is not an integer", name);
  if (value.is_number_unsigned()) {
    const auto number = value.get<std::uint64_t>();
    require(std::in_range<std::int64_t>(number), Fault::bad_input,
            "input \"{}\" = {} does not fit into 64 bits with a sign", name, number);
  }
  return value.get<std::int64_t>();
}

std::uint64_t NodeCall::seed(std::string_view name) const {
  const Json& value = literal(name, "an integer of 0 or more");
  require(value.is_number_integer(), Fault::bad_input, "input \"{}\" is not an integer", name);
  require(value.is_number_unsigned() || value.get<std::int64_t>() >= 0, Fault::bad_input,
          "input \"{}\" is negative", name);
  return value.get<std::uint64_t>();
}

double NodeCall::number(std::string_view name) const {
  const Json& value = literal(name, "a number");
  require(value.is_number(), Fault::bad_input, "input \"{}\" is not a number", name);
  return value.get<double>();
}

bool NodeCall::boolean(std::string_view name) const {
  const Json& value = literal(name, "true or false");
  require(value.is_boolean(), Fault::bad_input, "input \"{}\" is neither true nor false", name);
  return value.get<bool>();
}

const std::string& NodeCall::text(std::string_view name) const {
  const Json& value = literal(name, "a text");
  require(value.is_string(), Fault::bad_input, "input \"{}\" is not a text", name);
  return value.get_ref<const std::string&>();
}

void NodeCall::progress(std::int64_t value, std::int64_t max, std::any preview) const {
  if (on_progress) on_progress({.value = value, .max = max, .preview = std::move(preview)});
  throw_if_cancelled();
}

bool NodeCall::cancelled() const {
  return cancel != nullptr && cancel->load(std::memory_order_relaxed);
}

void NodeCall::throw_if_cancelled() const { require(!cancelled(), Fault::cancelled, "cancelled"); }

}  // namespace sagitta::graph
