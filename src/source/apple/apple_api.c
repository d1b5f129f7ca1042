/* SPDX-License-Identifier: MIT */
/* Filling and questioning the table of Apple calls. Where the symbols come from is another file's matter
 * (apple_libs_*.c for real libraries, the tests' fake for its own functions). */
#include "source/apple/apple_api.h"

#include <string.h>

struct row {
    const char *name;
    size_t offset; /* of the pointer in struct apple_api */
    enum apple_lib lib;
};

static const struct row rows[APPLE_ROW_COUNT] = {
#define X(lib, ret, name, args) {#name, offsetof(struct apple_api, name), APPLE_LIB_##lib},
    APPLE_API_MAP(X)
#undef X
#define X(lib, type, name) {#name, offsetof(struct apple_api, name), APPLE_LIB_##lib},
        APPLE_DATA_MAP(X)
#undef X
};

static const char *const lib_paths[APPLE_LIB_COUNT] = {
#define X(id, path) path,
    APPLE_LIB_MAP(X)
#undef X
};

/* POSIX lets a symbol's address travel as void *; memcpy keeps the compiler from having an opinion on it. */
static void put_pointer(struct apple_api *api, const struct row *row, void *symbol)
{
    memcpy((char *)api + row->offset, &symbol, sizeof symbol);
}

static void *get_pointer(const struct apple_api *api, const struct row *row)
{
    void *symbol;

    memcpy(&symbol, (const char *)api + row->offset, sizeof symbol);
    return symbol;
}

unsigned apple_api_fill(struct apple_api *api, apple_find *find, void *context)
{
    unsigned found = 0;

    for (unsigned i = 0; i < APPLE_ROW_COUNT; i++) {
        void *symbol = find(context, rows[i].lib, rows[i].name);
        put_pointer(api, &rows[i], symbol);
        found += symbol != NULL;
    }
    return found;
}

const char *apple_api_need(const struct apple_api *api, const enum apple_row *needed)
{
    for (; *needed != APPLE_ROW_END; needed++)
        if (get_pointer(api, &rows[*needed]) == NULL)
            return rows[*needed].name;
    return NULL;
}

const char *apple_row_name(enum apple_row row)
{
    return row < APPLE_ROW_COUNT ? rows[row].name : "";
}

enum apple_lib apple_row_lib(enum apple_row row)
{
    return row < APPLE_ROW_COUNT ? rows[row].lib : APPLE_LIB_COUNT;
}

const char *apple_lib_path(enum apple_lib lib)
{
    return lib < APPLE_LIB_COUNT ? lib_paths[lib] : "";
}

void apple_api_drop(struct apple_api *api, enum apple_row row)
{
    if (row < APPLE_ROW_COUNT)
        put_pointer(api, &rows[row], NULL);
}
