/* label.c - texts, each ended by NUL, and the attributes behind them. See label.h. */
#include "api/upload/label.h"

#include "api/request/permit.h"
#include "api/upload/metadata.h"

#include <stdlib.h>
#include <string.h>

char *label_write(const struct label *label, size_t *ret_length)
{
    const char *const texts[] = {label->match,      label->none_match, label->metadata,
                                 label->unmodified, label->concat,     label->expires};
    size_t length = label->attributes_length;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        length += strlen(texts[i]) + 1;
    char *bytes = malloc(length), *at = bytes;
    for (size_t i = 0; bytes && i < sizeof texts / sizeof *texts; i++)
        at = stpcpy(at, texts[i]) + 1;
    if (bytes && label->attributes_length > 0)
        memcpy(at, label->attributes, label->attributes_length);
    *ret_length = length;
    return bytes;
}

struct label label_read(const struct upload_info *info)
{
    struct label label = {"", "", "", "", "", "", NULL, 0};
    const char **const texts[] = {&label.match,      &label.none_match, &label.metadata,
                                  &label.unmodified, &label.concat,     &label.expires};
    const char *at = info->label, *end = at ? at + info->label_length : NULL;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *nul = at < end ? memchr(at, '\0', (size_t)(end - at)) : NULL;
        if (!nul)
            return label;
        *texts[i] = at;
        at = nul + 1;
    }
    label.attributes = at;
    label.attributes_length = (size_t)(end - at);
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
