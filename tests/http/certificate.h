/* certificate.h - certificates for servers under test, made when they are needed. */
#ifndef CAIRN_TESTS_HTTP_CERTIFICATE_H
#define CAIRN_TESTS_HTTP_CERTIFICATE_H

enum certificate_kind { CERTIFICATE_ECDSA, CERTIFICATE_RSA };

/* Writes a certificate for that name, localhost and 127.0.0.1 that is its own authority, and its key, in PEM. It ends
 * so many days from now; less than 0: it has ended. Fails the test when it cannot. */
void certificate_make(const char *path, const char *key_path, enum certificate_kind kind, const char *name, int days);

#endif
