/* SPDX-License-Identifier: MIT */
/* Root: the only module that opens /proc, /sys, /etc and the like; everything it opens lies below one directory.
 *
 * Paths are relative to that directory and have no leading slash: "proc/stat", "sys/class/hwmon". When the directory
 * is not "/" symbolic links are resolved here, below it: an absolute target starts again at the directory and ".."
 * stops there, so that a tree taken from another machine (or made by hand) never shows files of this one.
 *
 * A tree may hold moments: subdirectories t0, t1, t2 …, each a sparse tree of its own. At moment N a file is looked up
 * in tN, then tN-1 … t0, then in the tree itself. root_advance() goes to the next moment; the file `clock` of a moment
 * (lines `wall NS`, `awake NS`, `boot NS`) gives its time, so that what is decoded is the same on every run. A tree or
 * a moment may also hold
 *   ERRNOS   lines `ERRNO PATH` (EACCES sys/class/…): opening PATH fails so; ENOENT takes it out of listings too
 *   STATVFS  lines `PATH BLOCK_SIZE BLOCKS FREE AVAILABLE`: what root_statvfs says of PATH ("" is the root)
 * those of a moment apply to that moment only.
 *
 * What is read from a tree is plain files: a device or a pipe there is EINVAL and stays unopened. No file may be longer than
 * 16 MiB (EFBIG).
 *
 * Functions that return int return 0 or an errno. One thread at a time. Text is borrowed until the next read. */
#ifndef SOURCE_LINUX_ROOT_H
#define SOURCE_LINUX_ROOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <actop/types.h>

#include "base/os.h"

struct root;

/* Life. dir NULL or "" is "/". */
actop_status root_open(struct root **out, const char *dir, actop_error *err);
void root_close(struct root *r); /* accepts NULL */

/* True when this is the running machine ("/"). */
bool root_is_live(const struct root *r);

/* Go to the next moment and say when it is. A tree without moments is read as it stands now, on this machine's clocks.
 * ACTOP_END after the last moment. Before the first call the tree stands at its first moment. */
actop_status root_advance(struct root *r, struct os_moment *at, actop_error *err);

/* What a read gave: n bytes and an ending zero behind them. */
struct root_text {
    const char *text;
    size_t n;
};

/* Files read every tick. root_keep registers a path (printf) and returns its handle, -1 when out of memory; nothing is
 * opened yet. Live files stay open from their first read to root_forget and are read again from their start; a file
 * whose device went away is opened anew once. Past a third of the descriptors this process may have
 * (RLIMIT_NOFILE as it was at root_open), and past ROOT_MAX_OPEN, files are opened for each read. */
enum { ROOT_MAX_OPEN = 4096 };
int32_t root_keep(struct root *r, const char *fmt, ...) ACTOP_PRINTF(2, 3);
void root_forget(struct root *r, int32_t file); /* accepts -1 */
int root_read(struct root *r, int32_t file, struct root_text *out);
int root_read_u64(struct root *r, int32_t file, uint64_t *value); /* EINVAL: no whole number there */
int root_read_i64(struct root *r, int32_t file, int64_t *value);

/* Files read once: open, read everything, close. */
int root_load(struct root *r, const char *path, struct root_text *out);
int root_load_u64(struct root *r, const char *path, uint64_t *value);
int root_load_i64(struct root *r, const char *path, int64_t *value);
/* The first line without blanks at its ends, cut to fit; "" on failure. */
int root_load_line(struct root *r, const char *path, char *line, size_t size);
/* Whether something stands there: 0, or why it cannot be seen. */
int root_look(struct root *r, const char *path);
bool root_exists(struct root *r, const char *path);

/* The same of the live machine into the caller's memory, cut to fit: touches nothing that reading ticks, so it may be called
 * from another thread meanwhile. ENOTSUP for a tree. */
int root_load_aside(const struct root *r, const char *path, char *text, size_t size, size_t *n);

/* Entries of a directory of the live machine, "." and ".." left out; otherwise like root_load_aside. */
int root_count_aside(const struct root *r, const char *path, uint64_t *count);

/* Names in a directory, without "." and "..". Memory is kept from call to call. With ROOT_SORTED in natural order
 * (cpu2 before cpu10); ROOT_NUMBERS keeps only names made of digits. Trees that are not live are always sorted. */
enum { ROOT_SORTED = 1, ROOT_NUMBERS = 2 };
struct root_names {
    size_t n;
    uint32_t *at; /* n offsets into bytes */
    char *bytes;
    size_t len, cap_at, cap_bytes;
};
int root_list(struct root *r, const char *path, unsigned flags, struct root_names *names);
static inline const char *root_name(const struct root_names *names, size_t i)
{
    return names->bytes + names->at[i];
}
void root_names_release(struct root_names *names);

/* Target of a symbolic link, cut to fit; and its last component, which is how sysfs names drivers and devices. */
int root_readlink(struct root *r, const char *path, char *target, size_t size);
int root_link_name(struct root *r, const char *path, char *name, size_t size);

/* Space of the file system mounted at a path. */
struct root_space {
    uint64_t block_size, blocks, free, available;
};
int root_statvfs(struct root *r, const char *path, struct root_space *out);

/* For root_pids.c, which has its own way of reading the many files of processes: a descriptor of a directory of the
 * live machine, and 0 or the errno a fault plan has for the next call. */
int root_open_dir(struct root *r, const char *path, int *fd);
int root_gate(struct root *r);

/* For tests. The n-th call from now that opens, reads, lists, links or stats fails with EIO (n 0: none does); how many
 * calls there were since; and an errno for one path, as ERRNOS gives it (0 takes it back). */
void root_fail_nth(struct root *r, uint64_t n);
uint64_t root_calls(const struct root *r);
actop_status root_fail_path(struct root *r, const char *path, int errnum);

#endif
