#pragma once

#include "penstock/metrics.h"

#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace penstock::test {

/// The lines of a text exposition.
inline std::vector<std::string> linesOf(Exposition& exposition) {
  std::istringstream text(exposition.text());
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

/// The value a text exposition shows for a series, such as penstock_x_total{kind="sms"}.
inline double exposed(Exposition& exposition, const std::string& series) {
  for (const std::string& line : linesOf(exposition))
    if (line.starts_with(series + " ")) return std::stod(line.substr(series.size() + 1));
  throw std::out_of_range("no series " + series);
}

}  // namespace penstock::test
