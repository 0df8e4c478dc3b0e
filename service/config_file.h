/* config_file.h - the configuration file: one JSON object, as {"data": "/srv/cairn", "threads": 4, "stores": ["a"]}. */
#ifndef CAIRN_CONFIG_FILE_H
#define CAIRN_CONFIG_FILE_H

#include <stdbool.h>

struct config;

/* Sets every key of the file in the configuration. Unknown keys, keys given twice, values that are not
 * allowed: false, and stderr names the file, the key and the value. */
bool config_file_load(const char *path, struct config *config);

#endif
