#pragma once

#include <CLI/CLI.hpp>

#include <string>

namespace penstock::ctl {

/// What is wrong with a command line, by name, and where to look: the help of the sub-command that it had come to.
std::string whatIsWrong(const CLI::App& app, const CLI::ParseError& fault);

}  // namespace penstock::ctl
