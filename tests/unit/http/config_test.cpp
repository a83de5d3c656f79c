#include "http/config.h"
#include "support/row_config.h"

#include <gtest/gtest.h>

namespace penstock::test {
namespace {

TEST(HttpConfig, RowsAndOptionsHaveTheSameDefaults) {
  const HttpOptions read = httpOptions(RowConfig(kHttpRows), "/data");
  const HttpOptions built;
  EXPECT_EQ(read.public_listener->address, ListenerOptions{}.address);
  EXPECT_EQ(read.public_listener->port, ListenerOptions{}.port);
  EXPECT_EQ(read.threads, built.threads);
  EXPECT_EQ(read.max_connections, built.max_connections);
  EXPECT_EQ(read.max_body, built.max_body);
  EXPECT_EQ(read.max_header_bytes, built.max_header_bytes);
  EXPECT_EQ(read.max_uri, built.max_uri);
  EXPECT_EQ(read.max_fields, built.max_fields);
  EXPECT_EQ(read.max_buffered, built.max_buffered);
  EXPECT_EQ(read.max_write_buffer, built.max_write_buffer);
  EXPECT_EQ(read.max_pipelined, built.max_pipelined);
  EXPECT_EQ(read.max_linger, built.max_linger);
  EXPECT_EQ(read.header_timeout, built.header_timeout);
  EXPECT_EQ(read.body_timeout, built.body_timeout);
  EXPECT_EQ(read.idle_timeout, built.idle_timeout);
  EXPECT_EQ(read.write_timeout, built.write_timeout);
  EXPECT_EQ(read.linger_timeout, built.linger_timeout);
}

TEST(HttpConfig, AdminIsAUnixSocketUnlessAnAddressIsSet) {
  EXPECT_EQ(httpOptions(RowConfig(kHttpRows), "/data").admin_listener->unix_path, "/data/admin.sock");
  EXPECT_EQ(httpOptions(RowConfig(kHttpRows, {{"admin.socket", "/run/a"}}), "/data").admin_listener->unix_path,
            "/run/a");
  const HttpOptions tcp =
      httpOptions(RowConfig(kHttpRows, {{"admin.address", "127.0.0.1"}, {"admin.port", "9"}}), "/data");
  EXPECT_EQ(tcp.admin_listener->unix_path, "");
  EXPECT_EQ(tcp.admin_listener->port, 9);
}

}  // namespace
}  // namespace penstock::test
