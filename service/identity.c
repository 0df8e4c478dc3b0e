/* identity.c - reads a certificate and its key for GnuTLS. See identity.h. */
#include "service/identity.h"

#include "service/small_file.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* TLS 1.2 and 1.3, with forward secrecy and with ciphers that authenticate what they encrypt. */
static const char priorities[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"
                                 ":-CIPHER-ALL:+AES-256-GCM:+CHACHA20-POLY1305:+AES-128-GCM"
                                 ":-KX-ALL:+ECDHE-RSA:+ECDHE-ECDSA";

enum { PAIR_FILE_MAX = 1 << 20 /* bytes: chains have a few thousand */ };

struct identity {
    atomic_size_t holders;
    gnutls_certificate_credentials_t credentials;
    gnutls_priority_t priorities;
    gnutls_datum_t tickets; /* key of the tickets by which clients resume a session */
    time_t begins, ends;    /* the certificate's time */
    char text[IDENTITY_TEXT_MAX];
};

/* What the two files hold. */
struct pair {
    gnutls_x509_crt_t *chain;
    unsigned chain_length;
    gnutls_x509_privkey_t key;
};

/* ---- the files -------------------------------------------------------------------------------- */

/* *ret_bytes: its contents, for unload(). */
static bool load(const char *option, const char *path, gnutls_datum_t *ret_bytes, char reason[IDENTITY_TEXT_MAX])
{
    size_t length = 0;
    char *text = small_file_read(path, PAIR_FILE_MAX, &length);
    *ret_bytes = (gnutls_datum_t){.data = (unsigned char *)text, .size = (unsigned)length};
    if (!text)
        snprintf(reason, IDENTITY_TEXT_MAX, "--%s: cannot read '%s': %s", option, path, strerror(errno));
    return text;
}

static void unload(gnutls_datum_t *bytes)
{
    gnutls_memset(bytes->data, 0, bytes->size);
    free(bytes->data);
}

static bool read_chain(const char *path, struct pair *pair, char reason[IDENTITY_TEXT_MAX])
{
    gnutls_datum_t bytes;
    if (!load("tls-cert", path, &bytes, reason))
        return false;
    int error = gnutls_x509_crt_list_import2(&pair->chain, &pair->chain_length, &bytes, GNUTLS_X509_FMT_PEM, 0);
    unload(&bytes);
    if (error >= 0)
        return true;
    pair->chain = NULL;
    snprintf(reason, IDENTITY_TEXT_MAX, "--tls-cert: '%s' is no certificate in PEM: %s", path, gnutls_strerror(error));
    return false;
}

static bool read_key(const char *path, struct pair *pair, char reason[IDENTITY_TEXT_MAX])
{
    gnutls_datum_t bytes;
    if (!load("tls-key", path, &bytes, reason))
        return false;
    int error = gnutls_x509_privkey_init(&pair->key);
    if (error >= 0)
        error = gnutls_x509_privkey_import2(pair->key, &bytes, GNUTLS_X509_FMT_PEM, NULL, 0);
    unload(&bytes);
    if (error >= 0)
        return true;
    snprintf(reason, IDENTITY_TEXT_MAX, "--tls-key: '%s' is no private key in PEM without a passphrase: %s", path,
             gnutls_strerror(error));
    return false;
}

static void pair_free(struct pair *pair)
{
    for (unsigned i = 0; i < pair->chain_length; i++)
        gnutls_x509_crt_deinit(pair->chain[i]);
    gnutls_free(pair->chain);
    if (pair->key)
        gnutls_x509_privkey_deinit(pair->key);
}

/* ---- what people are told of it ---------------------------------------------------------------- */

/* The names that the certificate is for, or else its subject, as far as there is place. */
static void describe_names(gnutls_x509_crt_t certificate, char *text, size_t size)
{
    size_t used = 0;
    for (unsigned i = 0; used < size - 1; i++) {
        size_t length = size - used - 2;
        char *name = text + used + (used > 0 ? 2 : 0);
        int type = gnutls_x509_crt_get_subject_alt_name(certificate, i, name, &length, NULL);
        if (type == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE || type == GNUTLS_E_SHORT_MEMORY_BUFFER)
            break;
        if (type != GNUTLS_SAN_DNSNAME)
            continue;
        if (used > 0)
            memcpy(text + used, ", ", 2);
        used = (size_t)(name - text) + strnlen(name, length);
    }
    text[used] = '\0';
    size_t length = size;
    if (used == 0 && gnutls_x509_crt_get_dn(certificate, text, &length) < 0)
        snprintf(text, size, "a certificate without a name");
}

static void describe(struct identity *identity, gnutls_x509_crt_t certificate)
{
    char names[IDENTITY_TEXT_MAX / 2], day[sizeof "YYYY-MM-DD"] = "?";
    struct tm ends;
    identity->begins = gnutls_x509_crt_get_activation_time(certificate);
    identity->ends = gnutls_x509_crt_get_expiration_time(certificate);
    if (gmtime_r(&identity->ends, &ends))
        strftime(day, sizeof day, "%Y-%m-%d", &ends);
    describe_names(certificate, names, sizeof names);
    snprintf(identity->text, sizeof identity->text, "%s, valid until %s", names, day);
}

const char *identity_text(const struct identity *identity)
{
    return identity->text;
}

bool identity_is_valid(const struct identity *identity)
{
    time_t now = time(NULL);
    return now >= identity->begins && now <= identity->ends;
}

/* ---- beginning and end ------------------------------------------------------------------------- */

struct identity *identity_hold(struct identity *identity)
{
    if (identity)
        atomic_fetch_add(&identity->holders, 1);
    return identity;
}

void identity_release(struct identity *identity)
{
    if (!identity || atomic_fetch_sub(&identity->holders, 1) > 1)
        return;
    if (identity->credentials)
        gnutls_certificate_free_credentials(identity->credentials);
    if (identity->priorities)
        gnutls_priority_deinit(identity->priorities);
    gnutls_memset(identity->tickets.data, 0, identity->tickets.size);
    gnutls_free(identity->tickets.data);
    free(identity);
}

/* A code of GnuTLS, below 0 on failure. */
static int prepare(struct identity *identity, const struct pair *pair)
{
    int error = gnutls_certificate_allocate_credentials(&identity->credentials);
    if (error < 0)
        return error;
    error = gnutls_certificate_set_x509_key(identity->credentials, pair->chain, (int)pair->chain_length, pair->key);
    if (error < 0)
        return error;
    error = gnutls_priority_init(&identity->priorities, priorities, NULL);
    return error < 0 ? error : gnutls_session_ticket_key_generate(&identity->tickets);
}

static struct identity *identity_new(const struct pair *pair, char reason[IDENTITY_TEXT_MAX])
{
    struct identity *identity = calloc(1, sizeof *identity);
    if (!identity) {
        snprintf(reason, IDENTITY_TEXT_MAX, "out of memory");
        return NULL;
    }
    atomic_init(&identity->holders, 1);
    int error = prepare(identity, pair);
    if (error >= 0) {
        describe(identity, pair->chain[0]);
        return identity;
    }
    identity_release(identity);
    if (error == GNUTLS_E_CERTIFICATE_KEY_MISMATCH)
        snprintf(reason, IDENTITY_TEXT_MAX, "the key of --tls-key is not that of the certificate of --tls-cert");
    else
        snprintf(reason, IDENTITY_TEXT_MAX, "--tls-cert and --tls-key cannot be used: %s", gnutls_strerror(error));
    return NULL;
}

struct identity *identity_read(const char *certificate, const char *key, char reason[IDENTITY_TEXT_MAX])
{
    struct pair pair = {0};
    struct identity *identity = NULL;
    if (read_chain(certificate, &pair, reason) && read_key(key, &pair, reason))
        identity = identity_new(&pair, reason);
    pair_free(&pair);
    return identity;
}

bool identity_equip(const struct identity *identity, struct gnutls_session_int *session)
{
    return gnutls_priority_set(session, identity->priorities) >= 0 &&
           gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, identity->credentials) >= 0 &&
           gnutls_session_ticket_enable_server(session, &identity->tickets) >= 0;
}
