/* SPDX-License-Identifier: MIT */
/* The root-prefix module; see root.h. Live paths go to the kernel as they are, from a descriptor of "/". Below any other
 * directory a path is resolved here, component by component with readlinkat: the resolved path has no links left in it,
 * so that neither an absolute target nor ".." can lead out. This trusts the tree to stand still while it is looked at,
 * not to be friendly. */
#define _GNU_SOURCE /* getdents64 by syscall(2): listing /proc each tick must not allocate, opendir does */
#include "source/linux/root.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "base/vec.h"
#include "source/linux/scan.h"

enum {
    PATH_SIZE = 4096,
    MAX_LINKS = 40,
    MAX_MOMENTS = 4096,
    FIRST_BUFFER = 16384,
    FILE_MAX = 16 << 20 /* a hundred thousand mounts take this much; no other file comes near it */
};

struct kept {
    char *path; /* owned; NULL: a free row */
    int fd;     /* -1: closed */
};

struct rule {
    char *path; /* owned */
    int errnum;
    int32_t moment; /* -1: at every moment */
};

struct space_rule {
    char *path; /* owned */
    struct root_space space;
    int32_t moment;
};

struct root {
    int fd; /* the directory */
    bool live;
    int *moments; /* descriptors of t0, t1 …; owned */
    size_t n_moments, cap_moments;
    size_t now; /* moments in force: 0 … n_moments - 1 */
    bool begun; /* root_advance was called */
    struct kept *files;
    size_t n_files, cap_files;
    size_t n_open, most_open;
    struct rule *rules;
    size_t n_rules, cap_rules;
    struct space_rule *spaces;
    size_t n_spaces, cap_spaces;
    char *buffer; /* what was read last; owned */
    size_t cap_buffer;
    char *dirents; /* owned; for getdents64 */
    uint64_t calls, fail_at;
};

enum { DIRENTS_SIZE = 32768 };

/* ---- faults ---------------------------------------------------------------------------------------------------- */

static int fault(struct root *r)
{
    r->calls++;
    return r->fail_at != 0 && r->calls == r->fail_at ? EIO : 0;
}

void root_fail_nth(struct root *r, uint64_t n)
{
    r->calls = 0;
    r->fail_at = n;
}

uint64_t root_calls(const struct root *r)
{
    return r->calls;
}

/* The errno a rule gives for a path (as asked for, or as resolved); 0 without one. */
static int ruled(const struct root *r, const char *path)
{
    for (size_t i = 0; i < r->n_rules; i++) {
        const struct rule *rule = &r->rules[i];
        if ((rule->moment < 0 || (size_t)rule->moment == r->now) && rule->errnum != 0 &&
            strcmp(rule->path, path) == 0)
            return rule->errnum;
    }
    return 0;
}

static int add_rule(struct root *r, const char *path, size_t n, int errnum, int32_t moment)
{
    if (!VEC_GROW(r->rules, r->cap_rules, r->n_rules + 1))
        return ENOMEM;
    char *copy = strndup(path, n);
    if (copy == NULL)
        return ENOMEM;
    r->rules[r->n_rules++] = (struct rule){copy, errnum, moment};
    return 0;
}

actop_status root_fail_path(struct root *r, const char *path, int errnum)
{
    for (size_t i = 0; i < r->n_rules; i++)
        if (r->rules[i].moment < 0 && strcmp(r->rules[i].path, path) == 0) {
            r->rules[i].errnum = errnum;
            return ACTOP_OK;
        }
    return add_rule(r, path, strlen(path), errnum, -1) == 0 ? ACTOP_OK : ACTOP_E_NOMEM;
}

/* ---- resolving below the root ------------------------------------------------------------------------------------ */

/* Descriptor of layer i, newest first: tN … t0, then the tree. -1 behind the last. */
static int layer(const struct root *r, size_t i)
{
    if (r->n_moments == 0)
        return i == 0 ? r->fd : -1;
    return i <= r->now ? r->moments[r->now - i] : i == r->now + 1 ? r->fd : -1;
}

/* A path being resolved: done has no links and no dots, todo is still to be walked. */
struct walk {
    char done[PATH_SIZE];
    char todo[PATH_SIZE];
    size_t n_done;
    size_t n_layers; /* that done is looked for in: the next has a link there, a newer one none */
    int links;
};

/* Put a link's target before what is left to do. */
static int walk_into(struct walk *w, const char *target, const char *rest)
{
    char all[PATH_SIZE];
    int n = snprintf(all, sizeof all, "%s/%s", target, rest);
    if (n < 0 || (size_t)n >= sizeof all)
        return ENAMETOOLONG;
    memcpy(w->todo, all, (size_t)n + 1);
    if (target[0] == '/') {
        w->n_done = 0;
        w->n_layers = SIZE_MAX;
    }
    return 0;
}

/* Descriptor of layer i as far as what is done may be looked for in it. */
static int layer_of(const struct root *r, const struct walk *w, size_t i)
{
    return i < w->n_layers ? layer(r, i) : -1;
}

static bool is_link(int layer_fd, const char *path)
{
    char target[1];
    return readlinkat(layer_fd, path, target, sizeof target) >= 0;
}

/* Read the link at done in the newest layer that has anything there. n is -1 when it is none, with errno. */
static ssize_t read_link(const struct root *r, struct walk *w, char *target, size_t size)
{
    int errnum = ENOENT;
    for (size_t i = 0; layer_of(r, w, i) >= 0; i++) {
        if (errnum == ENOENT || errnum == ENOTDIR) {
            ssize_t n = readlinkat(layer_of(r, w, i), w->done, target, size - 1);
            if (n >= 0) {
                target[n] = '\0';
                return n;
            }
            errnum = errno;
        } else if (is_link(layer_of(r, w, i), w->done)) {
            w->n_layers = i;
        }
    }
    errno = errnum;
    return -1;
}

static void walk_up(struct walk *w)
{
    while (w->n_done > 0 && w->done[--w->n_done] != '/')
        ;
}

/* Append one name to done; follow it when it is a link. */
static int walk_name(const struct root *r, struct walk *w, const char *name, size_t n,
                     const char *rest, bool follow)
{
    char target[PATH_SIZE];
    size_t before = w->n_done;
    if (w->n_done + n + 2 > sizeof w->done)
        return ENAMETOOLONG;
    if (w->n_done > 0)
        w->done[w->n_done++] = '/';
    memcpy(w->done + w->n_done, name, n);
    w->n_done += n;
    w->done[w->n_done] = '\0';
    if ((!follow && *rest == '\0') || read_link(r, w, target, sizeof target) < 0) {
        memmove(w->todo, rest, strlen(rest) + 1);
        return 0;
    }
    if (++w->links > MAX_LINKS)
        return ELOOP;
    w->n_done = before;
    return walk_into(w, target, rest);
}

/* Resolve path into w->done ("." for the root itself). */
static int resolve(const struct root *r, struct walk *w, const char *path, bool follow)
{
    int errnum = 0;
    w->n_done = 0;
    w->links = 0;
    w->n_layers = SIZE_MAX;
    errnum = walk_into(w, "", path);
    while (errnum == 0) {
        const char *name = w->todo + strspn(w->todo, "/");
        size_t n = strcspn(name, "/");
        const char *rest = name + n + strspn(name + n, "/");
        if (n == 0)
            break;
        if ((n == 1 && name[0] == '.') || (n == 2 && name[0] == '.' && name[1] == '.')) {
            if (n == 2)
                walk_up(w);
            memmove(w->todo, rest, strlen(rest) + 1);
        } else {
            errnum = walk_name(r, w, name, n, rest, follow);
        }
        if (errnum == 0)
            errnum = ruled(r, w->done);
    }
    if (w->n_done == 0)
        memcpy(w->done, ".", 2);
    w->done[w->n_done == 0 ? 1 : w->n_done] = '\0';
    return errnum;
}

/* Opening a device or a pipe of somebody's tree may do something, and reading it may never end. */
static bool is_special(int layer_fd, const char *path)
{
    struct stat s;
    return fstatat(layer_fd, path, &s, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(s.st_mode) &&
           !S_ISDIR(s.st_mode);
}

/* Open below the root; 0 or an errno. */
static int open_below(struct root *r, const char *path, int flags, int *fd)
{
    struct walk w;
    int errnum = fault(r);
    if (errnum == 0)
        errnum = ruled(r, path);
    if (errnum != 0)
        return errnum;
    if (r->live) {
        *fd = openat(r->fd, *path == '\0' ? "." : path, flags | O_CLOEXEC);
        return *fd >= 0 ? 0 : errno;
    }
    errnum = resolve(r, &w, path, true);
    if (errnum != 0)
        return errnum;
    errnum = ENOENT;
    for (size_t i = 0; layer_of(r, &w, i) >= 0; i++) {
        if ((flags & (O_PATH | O_DIRECTORY)) == 0 && is_special(layer_of(r, &w, i), w.done))
            return EINVAL;
        *fd = openat(layer_of(r, &w, i), w.done, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        if (*fd >= 0)
            return 0;
        if (errno != ENOENT && errno != ENOTDIR)
            return errno;
    }
    return errnum;
}

/* ---- reading ------------------------------------------------------------------------------------------------------- */

static bool grow_buffer(struct root *r, size_t want)
{
    return VEC_GROW(r->buffer, r->cap_buffer, want);
}

/* Read everything from the start, FILE_MAX bytes at most. Files of /sys give everything in one read (documented: at most a
 * page), those of /proc may stop short of the end, so they are read until they give nothing. */
static int read_file(struct root *r, int fd, bool whole, struct root_text *out)
{
    size_t n = 0;
    for (;;) {
        if (n >= FILE_MAX)
            return EFBIG;
        if (n + 1 >= r->cap_buffer && !grow_buffer(r, r->cap_buffer * 2))
            return ENOMEM;
        size_t room = r->cap_buffer - n - 1;
        ssize_t got = pread(fd, r->buffer + n, room, (off_t)n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return errno;
        n += (size_t)got;
        if (got == 0 || (whole && (size_t)got < room))
            break;
    }
    r->buffer[n] = '\0';
    *out = (struct root_text){r->buffer, n};
    return 0;
}

static int read_all(struct root *r, int fd, bool whole, struct root_text *out)
{
    int errnum = fault(r);
    return errnum != 0 ? errnum : read_file(r, fd, whole, out);
}

static bool is_whole(const struct root *r, const char *path)
{
    return !r->live || strncmp(path, "sys/", 4) == 0;
}

static void shut(struct root *r, struct kept *k)
{
    if (k->fd >= 0) {
        (void)close(k->fd);
        r->n_open--;
    }
    k->fd = -1;
}

int32_t root_keep(struct root *r, const char *fmt, ...)
{
    char path[PATH_SIZE];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(path, sizeof path, fmt, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof path || !VEC_GROW(r->files, r->cap_files, r->n_files + 1))
        return -1;
    char *copy = strdup(path);
    if (copy == NULL)
        return -1;
    size_t at = 0;
    while (at < r->n_files && r->files[at].path != NULL)
        at++;
    r->files[at] = (struct kept){copy, -1};
    r->n_files += at == r->n_files ? 1 : 0;
    return (int32_t)at;
}

void root_forget(struct root *r, int32_t file)
{
    if (file < 0)
        return;
    struct kept *k = &r->files[file];
    shut(r, k);
    free(k->path);
    k->path = NULL;
    while (r->n_files > 0 && r->files[r->n_files - 1].path == NULL)
        r->n_files--;
}

static int load(struct root *r, const char *path, struct root_text *out)
{
    int fd;
    int errnum = open_below(r, path, O_RDONLY, &fd);
    if (errnum != 0)
        return errnum;
    errnum = read_all(r, fd, is_whole(r, path), out);
    (void)close(fd);
    return errnum;
}

/* A device that went away leaves a descriptor that fails for ever, while its successor has the same path. */
static bool is_gone(int errnum)
{
    return errnum == ENODEV || errnum == ENXIO || errnum == ENOENT || errnum == ESTALE ||
           errnum == ESRCH;
}

int root_read(struct root *r, int32_t file, struct root_text *out)
{
    if (file < 0)
        return ENOENT;
    struct kept *k = &r->files[file];
    if (!r->live || (k->fd < 0 && r->n_open >= r->most_open))
        return load(r, k->path, out);
    if (k->fd >= 0) {
        int errnum = ruled(r, k->path);
        errnum = errnum != 0 ? errnum : read_all(r, k->fd, is_whole(r, k->path), out);
        if (!is_gone(errnum))
            return errnum;
        shut(r, k);
    }
    int errnum = open_below(r, k->path, O_RDONLY, &k->fd);
    if (errnum != 0) {
        k->fd = -1;
        return errnum;
    }
    r->n_open++;
    return read_all(r, k->fd, is_whole(r, k->path), out);
}

/* One whole number, blanks around it allowed. */
static int whole_u64(const struct root_text *text, uint64_t *value)
{
    const char *at = text->text;
    return scan_u64(&at, value) && at[strspn(at, " \t\n")] == '\0' ? 0 : EINVAL;
}

static int whole_i64(const struct root_text *text, int64_t *value)
{
    const char *at = text->text;
    return scan_i64(&at, value) && at[strspn(at, " \t\n")] == '\0' ? 0 : EINVAL;
}

int root_read_u64(struct root *r, int32_t file, uint64_t *value)
{
    struct root_text text;
    int errnum = root_read(r, file, &text);
    return errnum != 0 ? errnum : whole_u64(&text, value);
}

int root_read_i64(struct root *r, int32_t file, int64_t *value)
{
    struct root_text text;
    int errnum = root_read(r, file, &text);
    return errnum != 0 ? errnum : whole_i64(&text, value);
}

int root_load(struct root *r, const char *path, struct root_text *out)
{
    return load(r, path, out);
}

int root_load_aside(const struct root *r, const char *path, char *text, size_t size, size_t *n)
{
    *n = 0;
    int errnum = r->live ? ruled(r, path) : ENOTSUP;
    int fd = errnum == 0 ? openat(r->fd, path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return errnum != 0 ? errnum : errno;
    while (errnum == 0 && *n + 1 < size) {
        ssize_t got = read(fd, text + *n, size - 1 - *n);
        if (got == 0)
            break;
        if (got > 0)
            *n += (size_t)got;
        else if (errno != EINTR)
            errnum = errno;
    }
    text[*n] = '\0';
    (void)close(fd);
    return errnum;
}

/* Directories of /proc have no size, but for /proc/PID/fd from Linux 6.2 on: it is the number of entries (documented in
 * the kernel's filesystems/proc). Such a number is not counted again: there may be a million. */
int root_count_aside(const struct root *r, const char *path, uint64_t *count)
{
    struct stat s;
    int errnum = r->live ? ruled(r, path) : ENOTSUP;
    int fd = errnum == 0 ? openat(r->fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd < 0)
        return errnum != 0 ? errnum : errno;
    *count = fstat(fd, &s) == 0 && s.st_size > 0 ? (uint64_t)s.st_size : 0;
    DIR *dir = *count > 0 ? NULL : fdopendir(fd);
    if (dir == NULL) {
        errnum = *count > 0 ? 0 : errno;
        (void)close(fd);
        return errnum;
    }
    for (const struct dirent *e; (e = readdir(dir)) != NULL;)
        *count += e->d_name[0] != '.';
    (void)closedir(dir);
    return 0;
}

int root_load_u64(struct root *r, const char *path, uint64_t *value)
{
    struct root_text text;
    int errnum = load(r, path, &text);
    return errnum != 0 ? errnum : whole_u64(&text, value);
}

int root_load_i64(struct root *r, const char *path, int64_t *value)
{
    struct root_text text;
    int errnum = load(r, path, &text);
    return errnum != 0 ? errnum : whole_i64(&text, value);
}

int root_load_line(struct root *r, const char *path, char *line, size_t size)
{
    struct root_text text;
    line[0] = '\0';
    int errnum = load(r, path, &text);
    if (errnum != 0)
        return errnum;
    const char *from = text.text + strspn(text.text, " \t");
    size_t n = strcspn(from, "\n");
    while (n > 0 && (from[n - 1] == ' ' || from[n - 1] == '\t'))
        n--;
    n = n < size ? n : size - 1;
    memcpy(line, from, n);
    line[n] = '\0';
    return 0;
}

int root_look(struct root *r, const char *path)
{
    int fd;
    int errnum = open_below(r, path, O_PATH, &fd);
    if (errnum == 0)
        (void)close(fd);
    return errnum;
}

bool root_exists(struct root *r, const char *path)
{
    return root_look(r, path) == 0;
}

/* ---- directories ----------------------------------------------------------------------------------------------------- */

/* What getdents64 fills; documented in getdents(2). */
struct linux_dirent {
    uint64_t inode;
    int64_t offset;
    uint16_t length;
    uint8_t type;
    char name[];
};

static bool is_number(const char *name)
{
    size_t n = strspn(name, "0123456789");
    return n > 0 && name[n] == '\0';
}

static bool is_dots(const char *name)
{
    return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

static int add_name(struct root_names *names, const char *name)
{
    size_t n = strlen(name) + 1;
    if (!VEC_GROW(names->at, names->cap_at, names->n + 1) ||
        !VEC_GROW(names->bytes, names->cap_bytes, names->len + n))
        return ENOMEM;
    memcpy(names->bytes + names->len, name, n);
    names->at[names->n++] = (uint32_t)names->len;
    names->len += n;
    return 0;
}

static int list_fd(struct root *r, int fd, unsigned flags, struct root_names *names)
{
    for (;;) {
        long got = syscall(SYS_getdents64, fd, r->dirents, (size_t)DIRENTS_SIZE);
        if (got <= 0)
            return got == 0 ? 0 : errno;
        for (long at = 0; at < got;) {
            const struct linux_dirent *d = (const void *)(r->dirents + at);
            at += d->length;
            if (is_dots(d->name) || ((flags & ROOT_NUMBERS) != 0 && !is_number(d->name)))
                continue;
            if (add_name(names, d->name) != 0)
                return ENOMEM;
        }
    }
}

/* Natural order: runs of digits compare by value. */
static int compare_names(const char *a, const char *b)
{
    for (;; a++, b++) {
        size_t da = strspn(a, "0123456789"), db = strspn(b, "0123456789");
        if (da > 0 && db > 0 && da != db)
            return da < db ? -1 : 1;
        if (*a != *b || *a == '\0')
            return (unsigned char)*a - (unsigned char)*b;
    }
}

/* Heap sort, because qsort has no room for the names and glibc's allocates for large arrays. */
static void sift(const char *bytes, uint32_t *at, size_t from, size_t n)
{
    for (size_t child = from * 2 + 1; child < n; child = from * 2 + 1) {
        if (child + 1 < n && compare_names(bytes + at[child], bytes + at[child + 1]) < 0)
            child++;
        if (compare_names(bytes + at[from], bytes + at[child]) >= 0)
            return;
        uint32_t swap = at[from];
        at[from] = at[child];
        at[child] = swap;
        from = child;
    }
}

static void sort_names(struct root_names *names)
{
    bool sorted = true;
    for (size_t i = 1; i < names->n && sorted; i++)
        sorted = compare_names(root_name(names, i - 1), root_name(names, i)) <= 0;
    if (sorted)
        return;
    for (size_t i = names->n / 2; i-- > 0;)
        sift(names->bytes, names->at, i, names->n);
    for (size_t n = names->n; n-- > 1;) {
        uint32_t swap = names->at[0];
        names->at[0] = names->at[n];
        names->at[n] = swap;
        sift(names->bytes, names->at, 0, n);
    }
}

/* Layers overlap, and a rule of ENOENT hides a name. */
static void drop_doubles(const struct root *r, const char *path, struct root_names *names)
{
    char full[PATH_SIZE];
    size_t kept = 0;
    for (size_t i = 0; i < names->n; i++) {
        const char *name = root_name(names, i);
        if (kept > 0 && strcmp(root_name(names, kept - 1), name) == 0)
            continue;
        int n = snprintf(full, sizeof full, "%s%s%s", path, *path != '\0' ? "/" : "", name);
        if (n > 0 && (size_t)n < sizeof full && ruled(r, full) == ENOENT)
            continue;
        names->at[kept++] = names->at[i];
    }
    names->n = kept;
}

static int list_layers(struct root *r, const char *path, unsigned flags, struct root_names *names)
{
    struct walk w;
    bool found = false;
    int errnum = resolve(r, &w, path, true);
    for (size_t i = 0; errnum == 0 && layer_of(r, &w, i) >= 0; i++) {
        int fd =
            openat(layer_of(r, &w, i), w.done, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
            continue;
        errnum = fd < 0 ? errno : list_fd(r, fd, flags, names);
        found = true;
        if (fd >= 0)
            (void)close(fd);
    }
    sort_names(names);
    drop_doubles(r, strcmp(w.done, ".") == 0 ? "" : w.done, names);
    return errnum == 0 && !found ? ENOENT : errnum;
}

int root_list(struct root *r, const char *path, unsigned flags, struct root_names *names)
{
    int fd;
    names->n = names->len = 0;
    int errnum = ruled(r, path);
    if (r->live && errnum == 0) {
        errnum = open_below(r, path, O_RDONLY | O_DIRECTORY, &fd);
        if (errnum != 0)
            return errnum;
        errnum = list_fd(r, fd, flags, names);
        (void)close(fd);
        if ((flags & ROOT_SORTED) != 0)
            sort_names(names);
        return errnum;
    }
    errnum = errnum != 0 ? errnum : fault(r);
    return errnum != 0 ? errnum : list_layers(r, path, flags, names);
}

void root_names_release(struct root_names *names)
{
    free(names->at);
    free(names->bytes);
    *names = (struct root_names){0};
}

/* ---- links, space ------------------------------------------------------------------------------------------------------ */

int root_readlink(struct root *r, const char *path, char *target, size_t size)
{
    struct walk w;
    target[0] = '\0';
    int errnum = fault(r);
    errnum = errnum != 0 ? errnum : ruled(r, path);
    if (errnum != 0)
        return errnum;
    ssize_t n;
    if (r->live) {
        n = readlinkat(r->fd, path, target, size - 1);
    } else {
        errnum = resolve(r, &w, path, false);
        if (errnum != 0)
            return errnum;
        n = read_link(r, &w, target, size);
    }
    if (n < 0)
        return errno;
    target[n] = '\0';
    return 0;
}

int root_link_name(struct root *r, const char *path, char *name, size_t size)
{
    char target[PATH_SIZE];
    name[0] = '\0';
    int errnum = root_readlink(r, path, target, sizeof target);
    if (errnum != 0)
        return errnum;
    const char *last = strrchr(target, '/');
    last = last != NULL ? last + 1 : target;
    size_t n = strlen(last);
    n = n < size ? n : size - 1;
    memcpy(name, last, n);
    name[n] = '\0';
    return 0;
}

static int ruled_space(const struct root *r, const char *path, struct root_space *out)
{
    for (size_t i = r->n_spaces; i-- > 0;) {
        const struct space_rule *rule = &r->spaces[i];
        if ((rule->moment < 0 || (size_t)rule->moment == r->now) && strcmp(rule->path, path) == 0) {
            *out = rule->space;
            return 0;
        }
    }
    return ENOENT;
}

int root_statvfs(struct root *r, const char *path, struct root_space *out)
{
    struct statvfs s;
    char full[PATH_SIZE];
    int errnum = fault(r);
    errnum = errnum != 0 ? errnum : ruled(r, path);
    if (errnum != 0 || !r->live)
        return errnum != 0 ? errnum : ruled_space(r, path, out);
    int n = snprintf(full, sizeof full, "/%s", path);
    if (n < 0 || (size_t)n >= sizeof full)
        return ENAMETOOLONG;
    if (statvfs(full, &s) != 0)
        return errno;
    *out = (struct root_space){s.f_frsize != 0 ? s.f_frsize : s.f_bsize, s.f_blocks, s.f_bfree,
                               s.f_bavail};
    return 0;
}

int root_open_dir(struct root *r, const char *path, int *fd)
{
    return open_below(r, path, O_RDONLY | O_DIRECTORY, fd);
}

int root_gate(struct root *r)
{
    return fault(r);
}

/* ---- rules of a tree ------------------------------------------------------------------------------------------------------ */

static const struct {
    const char *name;
    int errnum;
} errno_names[] = {
    {"EACCES", EACCES}, {"EPERM", EPERM},         {"ENOENT", ENOENT}, {"EIO", EIO},
    {"ENODEV", ENODEV}, {"ENXIO", ENXIO},         {"EBUSY", EBUSY},   {"EAGAIN", EAGAIN},
    {"EINVAL", EINVAL}, {"ENODATA", ENODATA},     {"ESRCH", ESRCH},   {"EOPNOTSUPP", EOPNOTSUPP},
    {"EINTR", EINTR},   {"ETIMEDOUT", ETIMEDOUT}, {"ENOSYS", ENOSYS},
};

static int errno_of(const char *name, size_t n)
{
    for (size_t i = 0; i < sizeof errno_names / sizeof errno_names[0]; i++)
        if (strlen(errno_names[i].name) == n && memcmp(errno_names[i].name, name, n) == 0)
            return errno_names[i].errnum;
    return 0;
}

static size_t line_length(const char *at)
{
    return strcspn(at, "\n");
}

/* One line of ERRNOS. 0, ENOMEM, or EINVAL when it is not understood. */
static int take_errno(struct root *r, const char *at, int32_t moment)
{
    size_t n = scan_word(at);
    int errnum = errno_of(at, n);
    const char *path = at + n;
    scan_blanks(&path);
    if (errnum == 0 || line_length(path) == 0)
        return EINVAL;
    return add_rule(r, path, line_length(path), errnum, moment);
}

/* One line of STATVFS. The path may be empty: four numbers only. */
static int take_space(struct root *r, const char *at, int32_t moment)
{
    struct root_space s;
    const char *path = at;
    size_t n = at[0] == ' ' ? 0 : scan_word(at);
    at += n;
    if (!scan_u64(&at, &s.block_size) || !scan_u64(&at, &s.blocks) || !scan_u64(&at, &s.free) ||
        !scan_u64(&at, &s.available))
        return EINVAL;
    if (!VEC_GROW(r->spaces, r->cap_spaces, r->n_spaces + 1))
        return ENOMEM;
    char *copy = strndup(path, n);
    if (copy == NULL)
        return ENOMEM;
    r->spaces[r->n_spaces++] = (struct space_rule){copy, s, moment};
    return 0;
}

/* Read a file of rules of one layer, a line at a time. */
static actop_status take_rules(struct root *r, int dir, int32_t moment, const char *name,
                               int (*take)(struct root *, const char *, int32_t), actop_error *err)
{
    struct root_text text = {"", 0};
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return errno == ENOENT ? ACTOP_OK : error_errno(err, errno, "%s", name);
    int errnum = read_file(r, fd, true, &text);
    (void)close(fd);
    const char *at = text.text;
    for (bool more = errnum == 0 && text.n > 0; more && errnum == 0; more = scan_next_line(&at))
        if (*at != '\n' && *at != '#' && *at != '\0')
            errnum = take(r, at, moment);
    if (errnum == EINVAL)
        return error_set(err, ACTOP_E_FORMAT, "%s: a line is not understood", name);
    return errnum == 0 ? ACTOP_OK : error_errno(err, errnum, "%s", name);
}

static actop_status take_layer(struct root *r, int dir, int32_t moment, actop_error *err)
{
    actop_status st = take_rules(r, dir, moment, "ERRNOS", take_errno, err);
    return st != ACTOP_OK ? st : take_rules(r, dir, moment, "STATVFS", take_space, err);
}

/* ---- moments --------------------------------------------------------------------------------------------------------------- */

static actop_status find_moments(struct root *r, actop_error *err)
{
    char name[16];
    actop_status st = take_layer(r, r->fd, -1, err);
    while (st == ACTOP_OK && r->n_moments < MAX_MOMENTS) {
        (void)snprintf(name, sizeof name, "t%zu", r->n_moments);
        int fd = openat(r->fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0)
            break;
        if (!VEC_GROW(r->moments, r->cap_moments, r->n_moments + 1)) {
            (void)close(fd);
            return error_no_memory(err, "the tree");
        }
        r->moments[r->n_moments++] = fd;
        st = take_layer(r, fd, (int32_t)r->n_moments - 1, err);
    }
    return st;
}

static bool clock_value(const char *text, const char *name, int64_t *ns)
{
    for (const char *at = text;;) {
        if (scan_text(&at, name) && scan_i64(&at, ns))
            return true;
        if (!scan_next_line(&at))
            return false;
    }
}

/* The clocks of the moment in force. */
static actop_status read_clock(struct root *r, struct os_moment *at, actop_error *err)
{
    struct root_text text;
    int fd = openat(r->moments[r->now], "clock", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return error_errno(err, errno, "t%zu/clock", r->now);
    int errnum = read_file(r, fd, true, &text);
    (void)close(fd);
    if (errnum != 0)
        return error_errno(err, errnum, "t%zu/clock", r->now);
    if (!clock_value(text.text, "wall ", &at->wall_ns) ||
        !clock_value(text.text, "awake ", &at->awake_ns) ||
        !clock_value(text.text, "boot ", &at->boot_ns))
        return error_set(err, ACTOP_E_FORMAT, "t%zu/clock: wall, awake and boot are wanted",
                         r->now);
    return ACTOP_OK;
}

actop_status root_advance(struct root *r, struct os_moment *at, actop_error *err)
{
    if (r->n_moments == 0) {
        os_now(at);
        return ACTOP_OK;
    }
    if (r->begun && r->now + 1 == r->n_moments)
        return error_set(err, ACTOP_END, "the tree has no more moments");
    r->now += r->begun ? 1 : 0;
    r->begun = true;
    return read_clock(r, at, err);
}

bool root_is_live(const struct root *r)
{
    return r->live;
}

/* ---- life -------------------------------------------------------------------------------------------------------------------- */

static size_t most_open(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 0;
    return limit.rlim_cur / 3 < ROOT_MAX_OPEN ? (size_t)limit.rlim_cur / 3 : ROOT_MAX_OPEN;
}

static actop_status open_root(struct root *r, const char *dir, actop_error *err)
{
    r->dirents = malloc(DIRENTS_SIZE);
    if (r->dirents == NULL || !grow_buffer(r, FIRST_BUFFER))
        return error_no_memory(err, "the tree");
    r->live = strspn(dir, "/") == strlen(dir);
    r->most_open = most_open();
    r->fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (r->fd < 0)
        return error_errno(err, errno, "root %s", dir);
    return r->live ? ACTOP_OK : find_moments(r, err);
}

actop_status root_open(struct root **out, const char *dir, actop_error *err)
{
    struct root *r = calloc(1, sizeof *r);
    if (r == NULL)
        return error_no_memory(err, "the tree");
    r->fd = -1;
    actop_status st = open_root(r, dir == NULL || *dir == '\0' ? "/" : dir, err);
    if (st == ACTOP_OK) {
        *out = r;
        r = NULL; /* given */
    }
    root_close(r);
    return st;
}

void root_close(struct root *r)
{
    if (r == NULL)
        return;
    for (size_t i = 0; i < r->n_files; i++)
        shut(r, &r->files[i]);
    for (size_t i = 0; i < r->n_files; i++)
        free(r->files[i].path);
    for (size_t i = 0; i < r->n_rules; i++)
        free(r->rules[i].path);
    for (size_t i = 0; i < r->n_spaces; i++)
        free(r->spaces[i].path);
    for (size_t i = 0; i < r->n_moments; i++)
        (void)close(r->moments[i]);
    if (r->fd >= 0)
        (void)close(r->fd);
    free(r->files);
    free(r->rules);
    free(r->spaces);
    free(r->moments);
    free(r->buffer);
    free(r->dirents);
    free(r);
}
