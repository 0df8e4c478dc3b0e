#include "tests/http/certificate.h"

#include <check.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { DAY = 24 * 60 * 60 };

static void succeeds(int code)
{
    ck_assert_msg(code >= 0, "making a certificate: %s", gnutls_strerror(code));
}

static void write_file(const char *path, const gnutls_datum_t *bytes)
{
    FILE *file = fopen(path, "we");
    ck_assert_msg(file, "cannot write %s", path);
    ck_assert_uint_eq(fwrite(bytes->data, 1, bytes->size, file), bytes->size);
    ck_assert_int_eq(fclose(file), 0);
}

static void add_names(gnutls_x509_crt_t certificate, const char *name)
{
    const struct in_addr loopback = {.s_addr = htonl(INADDR_LOOPBACK)};
    const char *names[] = {name, "localhost"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        succeeds(gnutls_x509_crt_set_subject_alt_name(certificate, GNUTLS_SAN_DNSNAME, names[i],
                                                      (unsigned)strlen(names[i]), GNUTLS_FSAN_APPEND));
    succeeds(gnutls_x509_crt_set_subject_alt_name(certificate, GNUTLS_SAN_IPADDRESS, &loopback, sizeof loopback,
                                                  GNUTLS_FSAN_APPEND));
}

static void sign(gnutls_x509_crt_t certificate, gnutls_x509_privkey_t key, const char *name, int days)
{
    const unsigned char serial[] = {1};
    time_t now = time(NULL);
    succeeds(gnutls_x509_crt_set_version(certificate, 3));
    succeeds(gnutls_x509_crt_set_serial(certificate, serial, sizeof serial));
    succeeds(gnutls_x509_crt_set_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 0, name, (unsigned)strlen(name)));
    add_names(certificate, name);
    succeeds(gnutls_x509_crt_set_activation_time(certificate, now - 10 * DAY));
    succeeds(gnutls_x509_crt_set_expiration_time(certificate, now + (time_t)days * DAY));
    succeeds(gnutls_x509_crt_set_basic_constraints(certificate, 1, -1));
    succeeds(gnutls_x509_crt_set_key(certificate, key));
    succeeds(gnutls_x509_crt_sign2(certificate, certificate, key, GNUTLS_DIG_SHA256, 0));
}

void certificate_make(const char *path, const char *key_path, enum certificate_kind kind, const char *name, int days)
{
    gnutls_x509_crt_t certificate;
    gnutls_x509_privkey_t key;
    gnutls_datum_t bytes;
    bool rsa = kind == CERTIFICATE_RSA;
    succeeds(gnutls_x509_privkey_init(&key));
    succeeds(gnutls_x509_privkey_generate(key, rsa ? GNUTLS_PK_RSA : GNUTLS_PK_ECDSA,
                                          rsa ? 2048 : GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0));
    succeeds(gnutls_x509_crt_init(&certificate));
    sign(certificate, key, name, days);
    succeeds(gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_PEM, &bytes));
    write_file(path, &bytes);
    gnutls_free(bytes.data);
    succeeds(gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &bytes));
    write_file(key_path, &bytes);
    gnutls_free(bytes.data);
    gnutls_x509_crt_deinit(certificate);
    gnutls_x509_privkey_deinit(key);
}
