#pragma once

#include "receiver.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <string>

namespace penstock::http_transport {

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
  void writeKey(const std::string& file) const {
    FILE* out = fopen(file.c_str(), "w");
    PEM_write_PrivateKey(out, key_, nullptr, nullptr, 0, nullptr, nullptr);
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

}  // namespace penstock::http_transport
