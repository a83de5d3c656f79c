#include "policy/http_url.h"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

namespace penstock {

bool isHttpUrl(std::string_view text) {
  const auto url = boost::urls::parse_uri(boost::urls::string_view(text.data(), text.size()));
  if (!url) return false;
  const auto scheme = url->scheme_id();
  return (scheme == boost::urls::scheme::http || scheme == boost::urls::scheme::https) && !url->encoded_host().empty();
}

}  // namespace penstock
