/* label.c - texts, each ended by NUL. See label.h. */
#include "api/upload/label.h"

#include "api/request/permit.h"
#include "api/upload/metadata.h"

#include <stdlib.h>
#include <string.h>

char *label_write(const struct label *label, size_t *ret_length)
{
    const char *const texts[] = {label->match, label->none_match, label->metadata, label->unmodified, label->concat};
    size_t length = 0;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        length += strlen(texts[i]) + 1;
    char *bytes = malloc(length), *at = bytes;
    for (size_t i = 0; bytes && i < sizeof texts / sizeof *texts; i++)
        at = stpcpy(at, texts[i]) + 1;
    *ret_length = length;
    return bytes;
}

struct label label_read(const struct upload_info *info)
{
    struct label label = {"", "", "", "", ""};
    const char **const texts[] = {&label.match, &label.none_match, &label.metadata, &label.unmodified, &label.concat};
    const char *at = info->label, *end = at ? at + info->label_length : NULL;
    for (size_t i = 0; at < end && i < sizeof texts / sizeof *texts; i++) {
        const char *nul = memchr(at, '\0', (size_t)(end - at));
        if (!nul)
            break;
        *texts[i] = at;
        at = nul + 1;
    }
    return label;
}

/* The engine knows no key of a part. */
bool label_permits(const struct request *request, const struct upload_info *info)
{
    struct metadata metadata = {0};
    bool legible = !metadata_read(&metadata, label_read(info).metadata);
    struct store_key key = store_key_of(metadata.key, metadata.key_length);
    bool permits = legible && !permit_lacks(request, RIGHT_WRITE, request->store_name, metadata.key ? &key : NULL);
    metadata_free(&metadata);
    return permits;
}
