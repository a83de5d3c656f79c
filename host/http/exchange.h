#pragma once

#include "http/chunks.h"
#include "http/head.h"
#include "http/router.h"
#include "http/target.h"
#include "penstock/http.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace penstock {

/// One request being read and answered. Kept by its loop for the next one, so that vectors keep their room.
struct Exchange {
  Head head;
  ChunkDecoder chunks;
  Target target;
  std::size_t body_size = 0;  ///< once the body is whole
  std::string request_id;
  Router::Entry* entry = nullptr;
  HttpRequest request;

  /// Points the views of headers and target at the head's bytes, which have moved to `base`.
  void bind(const char* base) {
    if (base == base_) return;
    base_ = base;
    headers_.clear();
    for (const Head::Field& field : head.fields) headers_.emplace_back(field.name.in(base), field.value.in(base));
    request.headers = headers_;
    if (head.target.size > 0) splitTarget(head.target.in(base), target);
  }

  void reset() {
    head.clear();
    chunks = ChunkDecoder{};
    target = Target{};
    body_size = 0;
    request_id.clear();
    entry = nullptr;
    request.query.clear();
    request.path_parameters.clear();
    base_ = nullptr;
  }

private:
  std::vector<std::pair<std::string_view, std::string_view>> headers_;
  const char* base_ = nullptr;
};

}  // namespace penstock
