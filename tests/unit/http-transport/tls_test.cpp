#include "http-transport/transfer.h"
#include "receiver.h"
#include "transport_fixture.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <csignal>
#include <filesystem>

namespace penstock::http_transport {
namespace {

/// A key and a certificate that it signed itself, for one name.
class SelfSigned {
public:
  explicit SelfSigned(const std::string& name) : key_(EVP_EC_gen("P-256")), certificate_(X509_new()) {
    X509_set_version(certificate_, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate_), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate_), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate_), 3600);
    X509_set_pubkey(certificate_, key_);
    X509_NAME* subject = X509_get_subject_name(certificate_);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name.c_str()), -1,
                               -1, 0);
    X509_set_issuer_name(certificate_, subject);
    X509_EXTENSION* names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, name.c_str());
    X509_add_ext(certificate_, names, -1);
    X509_EXTENSION_free(names);
    X509_sign(certificate_, key_, EVP_sha256());
  }
  ~SelfSigned() {
    X509_free(certificate_);
    EVP_PKEY_free(key_);
  }
  SelfSigned(const SelfSigned&) = delete;
  SelfSigned& operator=(const SelfSigned&) = delete;

  void write(const std::string& file) const {
    FILE* out = fopen(file.c_str(), "w");
    PEM_write_X509(out, certificate_);
    fclose(out);
  }
  /// Answers each request on the connection with 200.
  Receiver::Script script() const {
    return [this](Receiver::Connection& connection) {
      SSL_CTX* context = SSL_CTX_new(TLS_server_method());
      SSL_CTX_use_certificate(context, certificate_);
      SSL_CTX_use_PrivateKey(context, key_);
      SSL* tls = SSL_new(context);
      SSL_set_fd(tls, connection.fd);
      char piece[4096];
      if (SSL_accept(tls) == 1)
        while (SSL_read(tls, piece, sizeof piece) > 0)
          SSL_write(tls, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 38);
      SSL_free(tls);
      SSL_CTX_free(context);
    };
  }

private:
  EVP_PKEY* key_;
  X509* certificate_;
};

class Tls : public TransportTest {
protected:
  // OpenSSL writes to sockets that the client has closed.
  Tls() { static_cast<void>(signal(SIGPIPE, SIG_IGN)); }

  void trust(const SelfSigned& certificate) {
    const std::string file = (folder.path() / "ca.pem").string();
    certificate.write(file);
    open({{"allow", "127.0.0.1,localhost"}, {"ca_file", file}});
  }
  static std::string secured(const Receiver& receiver, const std::string& host = "127.0.0.1") {
    return "https://" + host + ':' + std::to_string(receiver.port()) + '/';
  }

  test::TemporaryFolder folder;
};

TEST_F(Tls, ASelfSignedCertificateIsRefusedAndNothingLeft) {
  const SelfSigned certificate("IP:127.0.0.1");
  Receiver receiver(certificate.script());
  const SendFailure failure = failed(post(secured(receiver)));
  EXPECT_EQ(failure.fault, SendFault::Untrusted);
  EXPECT_FALSE(failure.may_have_left);
}

TEST_F(Tls, ATrustedCertificateForTheHostIsAccepted) {
  const SelfSigned certificate("IP:127.0.0.1,DNS:localhost");
  Receiver receiver(certificate.script());
  trust(certificate);
  EXPECT_EQ(answered(post(secured(receiver))).status, 200U);
  EXPECT_EQ(answered(post(secured(receiver, "localhost"))).status, 200U);
}

// A file of the machine's authorities takes longer to read than a handshake.
TEST_F(Tls, TheAuthoritiesAreReadOnceForAllConnections) {
  const SelfSigned certificate("IP:127.0.0.1");
  Receiver first(certificate.script());
  Receiver second(certificate.script());
  trust(certificate);
  EXPECT_EQ(answered(post(secured(first))).status, 200U);
  ASSERT_TRUE(std::filesystem::remove(folder.path() / "ca.pem"));
  EXPECT_EQ(answered(post(secured(second))).status, 200U);
}

TEST(TrustedFile, IsTheOneThatIsNamedOrTheMachines) {
  EXPECT_EQ(trustedFile("/etc/gateway/ca.pem"), "/etc/gateway/ca.pem");
  const std::string machines = trustedFile("");
  EXPECT_EQ(access(machines.c_str(), R_OK), 0) << machines;
}

TEST_F(Tls, ACertificateForAnotherHostIsRefused) {
  const SelfSigned certificate("DNS:other.example");
  Receiver receiver(certificate.script());
  trust(certificate);
  const SendFailure failure = failed(post(secured(receiver, "localhost")));
  EXPECT_EQ(failure.fault, SendFault::Untrusted);
  EXPECT_FALSE(failure.may_have_left);
}

TEST_F(Tls, WhatDoesNotSpeakTlsIsRefused) {
  Receiver receiver([](Receiver::Connection& connection) {
    connection.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    connection.waitForEnd();
  });
  const SendFailure failure = failed(post(secured(receiver)));
  EXPECT_EQ(failure.fault, SendFault::Untrusted);
  EXPECT_FALSE(failure.may_have_left);
}

}  // namespace
}  // namespace penstock::http_transport
