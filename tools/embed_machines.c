/* SPDX-License-Identifier: MIT */
/* embed_machines OUT.c NAME.txt…: writes all texts, compressed, as a C file (see source/sim/texts.c). Runs on the building machine. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

static char raw[1 << 20], text[1 << 18], packed[1 << 20];

static int fail(const char *what, const char *name)
{
    (void)fprintf(stderr, "embed_machines: %s %s\n", what, name);
    return 1;
}

static const char *stem(const char *path, char *out, size_t cap)
{
    const char *slash = strrchr(path, '/');
    (void)snprintf(out, cap, "%s", slash != NULL ? slash + 1 : path);
    char *dot = strrchr(out, '.');
    if (dot != NULL)
        *dot = '\0';
    return out;
}

static long append(const char *path, size_t at)
{
    char name[64];
    FILE *in = fopen(path, "rb");
    if (in == NULL)
        return -1;
    size_t n = fread(text, 1, sizeof text, in);
    (void)fclose(in);
    if (n == sizeof text || at + n + 128 > sizeof raw)
        return -1;
    int head = snprintf(raw + at, 128, "%s%c%zu", stem(path, name, sizeof name), '\0', n);
    memcpy(raw + at + head + 1, text, n);
    raw[at + (size_t)head + 1 + n] = '\0';
    return head + 1 + (long)n + 1;
}

/* A text without a [machine] block is only taken in by others. */
static int is_machine(const char *path)
{
    FILE *in = fopen(path, "rb");
    if (in == NULL)
        return 0;
    size_t n = fread(text, 1, sizeof text - 1, in);
    (void)fclose(in);
    text[n] = '\0';
    return strstr(text, "[machine]") != NULL;
}

int main(int argc, char **argv)
{
    size_t n = 0;
    for (int i = 2; i < argc; i++) {
        long more = append(argv[i], n);
        if (more < 0)
            return fail("cannot take in", argv[i]);
        n += (size_t)more;
    }
    size_t size = ZSTD_compress(packed, sizeof packed, raw, n, 19);
    FILE *out = argc > 2 ? fopen(argv[1], "w") : NULL;
    if (ZSTD_isError(size) || out == NULL)
        return fail("cannot write", argc > 1 ? argv[1] : "");
    (void)fprintf(
        out,
        "/* Made by tools/embed_machines.c from machines/. */\n#include <stddef.h>\n"
        "extern const unsigned char embedded_machines[];\nextern const size_t embedded_machines_size, embedded_machines_raw_size;\n"
        "extern const char *const embedded_machines_names[];\n"
        "const size_t embedded_machines_size = %zu, embedded_machines_raw_size = %zu;\nconst unsigned char embedded_machines[] = {",
        size, n);
    for (size_t i = 0; i < size; i++)
        (void)fprintf(out, "%s%u,", i % 24 == 0 ? "\n" : "", (unsigned char)packed[i]);
    (void)fprintf(out, "\n};\nconst char *const embedded_machines_names[] = {\n");
    for (int i = 2; i < argc; i++) {
        char name[64];
        if (is_machine(argv[i]))
            (void)fprintf(out, "    \"%s\",\n", stem(argv[i], name, sizeof name));
    }
    (void)fprintf(out, "    NULL,\n};\n");
    return fclose(out) == 0 ? 0 : fail("cannot write", argv[1]);
}
