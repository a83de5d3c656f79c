#include "http-ingest/paging.h"

#include "http-ingest/refusals.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <system_error>

namespace penstock {

namespace {

constexpr std::uint32_t kLargestPage = 50;
constexpr std::uint64_t kLastPage = 1'000'000'000;

/// A decimal number; one too large to hold becomes the largest. Nothing when the text is none.
std::optional<std::uint64_t> number(std::string_view text) {
  if (text.empty() || !std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; })) return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc::result_out_of_range ? UINT64_MAX : value;
}

}  // namespace

std::variant<Page, Problem> readPage(const HttpRequest& request) {
  Page page;
  page.size = kLargestPage;
  if (const auto text = request.parameter("page")) {
    const auto value = number(*text);
    if (!value || *value == 0 || *value > kLastPage)
      return refusals::invalidParameter("page", "must be a number from 1 to " + std::to_string(kLastPage));
    page.number = *value;
  }
  bool chosen = false;
  for (const char* name : {"pageSize", "page_size", "limit"}) {
    const auto text = request.parameter(name);
    if (!text) continue;
    const auto value = number(*text);
    if (!value) return refusals::invalidParameter(name, "must be a number, 0 or more");
    if (chosen) continue;
    chosen = true;
    if (*value != 0) page.size = static_cast<std::uint32_t>(std::min<std::uint64_t>(*value, kLargestPage));
  }
  return page;
}

}  // namespace penstock
