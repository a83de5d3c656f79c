#include "config/fault.h"

namespace penstock {
namespace {

std::string lines(const std::vector<std::string>& sentences) {
  std::string text;
  for (const std::string& sentence : sentences) {
    if (!text.empty()) text += '\n';
    text += sentence;
  }
  return text;
}

}  // namespace

ConfigurationFaults::ConfigurationFaults(std::vector<std::string> sentences)
    : std::runtime_error(lines(sentences)), faults(std::move(sentences)) {}

}  // namespace penstock
