/* layout.c - how the objects of a pool are called, and what their texts say. */
#include "store/rados/layout.h"

#include "store/base/xxh3.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

const char layout_head[] = "head";
const char layout_links[] = "links";
const char layout_dead[] = "dead";
const char layout_address[] = "address";
const char layout_under_way[] = "o/";
const char layout_wishes[] = "w/";

uint64_t layout_number(void)
{
    uint64_t number = 0;
    while (number == 0)
        if (getrandom(&number, sizeof number, 0) != sizeof number)
            number = 0; /* a signal came in between */
    return number;
}

/* Every upload adds a name to these. */
static bool is_busy(const char *name)
{
    return strcmp(name, "blobs") == 0 || strcmp(name, "uploads") == 0;
}

struct layout_folder layout_new_folder(const struct layout_folder *parent, unsigned depth, const char *name)
{
    if (depth == 2)
        return (struct layout_folder){.tree = layout_number(), .fan = 1};
    return (struct layout_folder){
        .tree = parent->tree, .folder = layout_number(), .fan = depth > 2 && is_busy(name) ? LAYOUT_FAN : 1};
}

bool layout_same_folder(const struct layout_folder *a, const struct layout_folder *b)
{
    return a->tree == b->tree && a->folder == b->folder;
}

/* ---- objects --------------------------------------------------------------------------------- */

void layout_session_object(const char *cookie, char ret_object[CLUSTER_OBJECT_MAX])
{
    (void)snprintf(ret_object, CLUSTER_OBJECT_MAX, "session.%.16s", cookie);
}

void layout_tree_object(uint64_t tree, char ret_object[CLUSTER_OBJECT_MAX])
{
    (void)snprintf(ret_object, CLUSTER_OBJECT_MAX, "tree.%016" PRIx64, tree);
}

void layout_shard_object(const struct layout_folder *folder, unsigned shard, char ret_object[CLUSTER_OBJECT_MAX])
{
    if (folder->fan == 1)
        layout_tree_object(folder->tree, ret_object);
    else
        (void)snprintf(ret_object, CLUSTER_OBJECT_MAX, "tree.%016" PRIx64 ".%016" PRIx64 ".%u", folder->tree,
                       folder->folder, shard);
}

void layout_piece_object(uint64_t inode, uint64_t piece, char ret_object[CLUSTER_OBJECT_MAX])
{
    (void)snprintf(ret_object, CLUSTER_OBJECT_MAX, "file.%016" PRIx64 ".%" PRIu64, inode, piece);
}

void layout_name_object(const struct layout_folder *folder, const char *name, char ret_object[CLUSTER_OBJECT_MAX])
{
    unsigned shard = (unsigned)(XXH3_64bits(name, strlen(name)) % folder->fan);
    layout_shard_object(folder, shard, ret_object);
}

/* ---- rows ------------------------------------------------------------------------------------ */

void layout_prefix(const struct layout_folder *folder, char ret_prefix[LAYOUT_ROW_MAX])
{
    (void)snprintf(ret_prefix, LAYOUT_ROW_MAX, "e/%016" PRIx64 "/", folder->folder);
}

bool layout_name_row(const struct layout_folder *folder, const char *name, char ret_row[LAYOUT_ROW_MAX])
{
    layout_prefix(folder, ret_row);
    size_t length = strlen(ret_row);
    if (strlen(name) >= LAYOUT_NAME_MAX)
        return false;
    (void)snprintf(ret_row + length, LAYOUT_ROW_MAX - length, "%s", name);
    return true;
}

void layout_under_way_row(const struct layout_entry *entry, char ret_row[LAYOUT_ROW_MAX])
{
    if (entry->is_folder)
        (void)snprintf(ret_row, LAYOUT_ROW_MAX, "%sd/%016" PRIx64 "/%016" PRIx64 "/%u", layout_under_way,
                       entry->folder.tree, entry->folder.folder, entry->folder.fan);
    else
        (void)snprintf(ret_row, LAYOUT_ROW_MAX, "%sf/%016" PRIx64 "/%016" PRIx64, layout_under_way, entry->inode,
                       entry->link);
}

bool layout_read_under_way(const char *row, struct layout_entry *ret_entry)
{
    struct layout_entry entry = {0};
    entry.is_folder = sscanf(row, "o/d/%16" SCNx64 "/%16" SCNx64 "/%u", &entry.folder.tree, &entry.folder.folder,
                             &entry.folder.fan) == 3;
    if (!entry.is_folder && sscanf(row, "o/f/%16" SCNx64 "/%16" SCNx64, &entry.inode, &entry.link) != 2)
        return false;
    *ret_entry = entry;
    return true;
}

/* ---- texts ----------------------------------------------------------------------------------- */

void layout_entry_text(const struct layout_entry *entry, char ret_text[LAYOUT_TEXT_MAX])
{
    if (entry->is_folder)
        (void)snprintf(ret_text, LAYOUT_TEXT_MAX, "d %016" PRIx64 " %016" PRIx64 " %u", entry->folder.tree,
                       entry->folder.folder, entry->folder.fan);
    else
        (void)snprintf(ret_text, LAYOUT_TEXT_MAX, "f %016" PRIx64 " %016" PRIx64, entry->inode, entry->link);
}

bool layout_read_entry(const char *text, struct layout_entry *ret_entry)
{
    struct layout_entry entry = {0};
    entry.is_folder = sscanf(text, "d %16" SCNx64 " %16" SCNx64 " %u", &entry.folder.tree, &entry.folder.folder,
                             &entry.folder.fan) == 3;
    if (entry.is_folder ? entry.folder.fan == 0
                        : sscanf(text, "f %16" SCNx64 " %16" SCNx64, &entry.inode, &entry.link) != 2)
        return false;
    *ret_entry = entry;
    return true;
}

void layout_head_text(const struct layout_file *file, char ret_text[LAYOUT_TEXT_MAX])
{
    (void)snprintf(ret_text, LAYOUT_TEXT_MAX, "%" PRIu64 " %lld %ld %" PRIu64, file->size,
                   (long long)file->written.tv_sec, file->written.tv_nsec, file->pieces);
}

bool layout_read_head(const char *text, struct layout_file *ret_file)
{
    struct layout_file file = {0};
    long long seconds;
    if (sscanf(text, "%" SCNu64 " %lld %ld %" SCNu64, &file.size, &seconds, &file.written.tv_nsec, &file.pieces) != 4)
        return false;
    file.written.tv_sec = (time_t)seconds;
    *ret_file = file;
    return true;
}

void layout_tenant_text(const struct tenant *tenant, char ret_text[LAYOUT_TENANT_MAX])
{
    (void)snprintf(ret_text, LAYOUT_TENANT_MAX, "%s %s", tenant->session, tenant->address);
}

bool layout_read_tenant(const char *text, struct tenant *ret_tenant)
{
    struct tenant tenant = {0};
    const char *blank = strchr(text, ' ');
    if (!blank || blank == text || (size_t)(blank - text) >= sizeof tenant.session ||
        strlen(blank + 1) >= sizeof tenant.address)
        return false;
    memcpy(tenant.session, text, (size_t)(blank - text));
    memcpy(tenant.address, blank + 1, strlen(blank + 1));
    *ret_tenant = tenant;
    return true;
}

/* ---- links ----------------------------------------------------------------------------------- */

enum { LINK = 17 }; /* bytes: a number, and what parts it from the next one */

static void link_text(uint64_t link, char ret_text[LINK + 1])
{
    (void)snprintf(ret_text, LINK + 1, "%016" PRIx64 " ", link);
}

/* The text with the first link in it, which may be left out; to be freed. Room for one more. */
static char *spell_out(const char *links, uint64_t inode)
{
    size_t length = links ? strlen(links) : 0;
    char *text = malloc(length + 2 * LINK + 1);
    if (text && length > 0)
        memcpy(text, links, length + 1);
    else if (text)
        link_text(inode, text);
    return text;
}

char *layout_links_with(const char *links, uint64_t inode, uint64_t link)
{
    char one[LINK + 1];
    char *text = spell_out(links, inode);
    link_text(link, one);
    if (text && !strstr(text, one))
        strcat(text, one);
    return text;
}

char *layout_links_without(const char *links, uint64_t inode, uint64_t link)
{
    char one[LINK + 1];
    char *text = spell_out(links, inode);
    link_text(link, one);
    char *found = text ? strstr(text, one) : NULL;
    if (found)
        memmove(found, found + LINK, strlen(found + LINK) + 1);
    return text;
}

size_t layout_links_count(const char *links)
{
    return links && *links ? strlen(links) / LINK : 1;
}
