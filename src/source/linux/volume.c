/* SPDX-License-Identifier: MIT */
/* Volumes: one row for each real file system of /proc/self/mountinfo (proc.rst, documented), with what statvfs(2) says of
 * its space. Kernel file systems (proc, sysfs, tmpfs …) and images (squashfs …) are left out; of several mounts of one
 * file system (bind mounts, btrfs subvolumes) the first one of its root counts, else the first. A place that another mount
 * hides, at it or above it, counts for none: asking there for space would be answered by what hides it.
 *
 * statvfs of a network file system whose server is away blocks for minutes and cannot be interrupted, and one of FUSE
 * waits for whoever serves it: those are never asked. Their rows have no space, only what and where they are. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "source/linux/linux.h"
#include "source/linux/parse.h"

enum {
    POINT,
    MAJOR,
    MINOR,
    TYPE,
    SOURCE,
    REMOTE,
    BLOCK_SIZE,
    BLOCKS,
    FREE,
    AVAILABLE,
    ERROR,
    N_COLUMNS
};

static const struct column_spec columns[N_COLUMNS] = {
    [POINT] = {"mount_point", "", SLOT_BYTES, COLUMN_KEY, 0},
    [MAJOR] = {"major", "", SLOT_U64, COLUMN_KEY, 0},
    [MINOR] = {"minor", "", SLOT_U64, COLUMN_KEY, 0},
    [TYPE] = {"type", "", SLOT_BYTES, 0, 0},
    [SOURCE] = {"source", "", SLOT_BYTES, 0, 0},
    [REMOTE] = {"remote", "", SLOT_U64, 0, 0}, /* 1: not asked for its space */
    [BLOCK_SIZE] = {"block_size", "B", SLOT_U64, 0, 0},
    [BLOCKS] = {"blocks", "blocks", SLOT_U64, 0, 0},
    [FREE] = {"free", "blocks", SLOT_U64, 0, 0},
    [AVAILABLE] = {"available", "blocks", SLOT_U64, 0, 0},
    [ERROR] = {"errno", "", SLOT_U64, 0, 0},
};

/* Mounted without a block device (major 0), but on disks. */
static const char *const local_types[] = {"btrfs", "zfs", "bcachefs", "ubifs", "jffs2", "overlay"};

/* Behind a network, a hypervisor or a process. */
static const char *const remote_types[] = {
    "nfs",     "nfs4",     "cifs",   "smb3",      "smbfs",  "9p",      "afs",    "ceph",
    "lustre",  "gfs2",     "ocfs2",  "glusterfs", "coda",   "ncpfs",   "beegfs", "gpfs",
    "fuseblk", "virtiofs", "prl_fs", "vboxsf",    "vmhgfs", "orangefs"};

/* On block devices, but images that are full by nature. */
static const char *const image_types[] = {"squashfs", "erofs", "iso9660", "udf", "cramfs", "romfs"};

/* FUSE that holds no files of its own. */
static const char *const helper_types[] = {"fuse.portal", "fuse.gvfsd-fuse", "fuse.lxcfs",
                                           "fuse.snapfuse"};

enum { TEXT_SIZE = 512 };
/* After this a live machine's list of mounts is read again. */
static const int64_t REREAD_NS = 5000000000;

struct volume {
    uint64_t major, minor;
    bool remote;
    bool is_root;                 /* of the file system, not a part of it */
    uint32_t point, type, source; /* offsets into text */
};

/* Where something is mounted, of whatever kind; all of them hide. */
struct place {
    uint64_t id, parent;
    struct span point; /* in the file's text, escaped */
};

struct volumes {
    int32_t file, rowset;
    struct place *places; /* owned; good only while the list is read */
    size_t n_places, cap_places;
    struct volume *list; /* owned */
    size_t n, cap;
    char *text; /* owned; strings of the list */
    size_t n_text, cap_text;
    int64_t read_ns; /* when the list was read */
    bool described, is_read;
};

static bool is_one_of(struct span s, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (span_is(s, names[i]))
            return true;
    return false;
}
#define IS_ONE_OF(s, names) is_one_of((s), (names), sizeof(names) / sizeof *(names))

static bool is_remote(const struct mount *m)
{
    return IS_ONE_OF(m->type, remote_types) ||
           (m->type.n > 5 && memcmp(m->type.at, "fuse.", 5) == 0);
}

/* Files that container engines put into every container, one mount each; the host's disk stands behind them, which is
 * none of the container's (documented: Docker's networking, podman-run(1)). */
static const char *const engine_files[] = {"/etc/hostname", "/etc/hosts", "/etc/resolv.conf",
                                           "/run/.containerenv"};

/* An overlay is somebody's disk only where it is the whole system, as in a container. */
static bool is_real(const struct mount *m)
{
    if (IS_ONE_OF(m->type, image_types) || IS_ONE_OF(m->type, helper_types) ||
        span_is(m->type, "autofs") || IS_ONE_OF(m->point, engine_files))
        return false;
    if (span_is(m->type, "overlay"))
        return span_is(m->point, "/");
    return is_remote(m) || m->major != 0 || IS_ONE_OF(m->type, local_types);
}

static bool keep_text(struct volumes *v, struct span s, uint32_t *at)
{
    char plain[TEXT_SIZE];
    size_t n = parse_unescape(plain, sizeof plain, s);
    if (!VEC_GROW(v->text, v->cap_text, v->n_text + n + 1))
        return false;
    *at = (uint32_t)v->n_text;
    memcpy(v->text + v->n_text, plain, n + 1);
    v->n_text += n + 1;
    return true;
}

static bool same_text(const struct volumes *v, uint32_t a, uint32_t b)
{
    return strcmp(v->text + a, v->text + b) == 0;
}

/* Anonymous device numbers (major 0) differ between the subvolumes of one file system; its device does not. */
static bool same_volume(const struct volumes *v, const struct volume *a, const struct volume *b)
{
    if (a->major != 0 || b->major != 0)
        return a->major == b->major && a->minor == b->minor;
    return same_text(v, a->type, b->type) && same_text(v, a->source, b->source);
}

/* The place in the list that is this volume, or its end. */
static struct volume *find_volume(const struct volumes *v, const struct volume *one)
{
    size_t i = 0;
    while (i < v->n && !same_volume(v, &v->list[i], one))
        i++;
    return &v->list[i];
}

/* ---- What hides what ----------------------------------------------------------------------------------------------- */

static bool list_places(struct volumes *v, const char *at)
{
    struct mount m;
    v->n_places = 0;
    while (parse_mount(&at, &m)) {
        if (!VEC_GROW(v->places, v->cap_places, v->n_places + 1))
            return false;
        v->places[v->n_places++] = (struct place){m.id, m.parent, m.point};
    }
    return true;
}

static bool same_point(struct span a, struct span b)
{
    return a.n == b.n && memcmp(a.at, b.at, a.n) == 0;
}

/* "/mnt" is above "/mnt/a" and not above "/mnt2". "/" is never asked: a child there hides all of its parent. */
static bool is_above(struct span a, struct span b)
{
    return a.n < b.n && memcmp(a.at, b.at, a.n) == 0 && b.at[a.n] == '/';
}

/* Does something hide this place itself, or its part where `inner` is mounted (NULL: all of it)? Children of a mount are mounted on
 * its own directories, whatever their order in the file; one at its very root covers it (documented: proc.rst, the ids
 * of mount and parent). Of two children at one place the later one counts. */
static bool is_covered(const struct volumes *v, const struct place *one, const struct place *inner)
{
    for (const struct place *other = v->places; other < v->places + v->n_places; other++) {
        if (other == one || other == inner)
            continue;
        if (other->parent == one->id && same_point(other->point, one->point))
            return true;
        if (other->parent == one->parent && (is_above(other->point, one->point) ||
                                             (same_point(other->point, one->point) && other > one)))
            return true;
    }
    return false;
}

static const struct place *parent_of(const struct volumes *v, const struct place *one)
{
    for (const struct place *other = v->places; other < v->places + v->n_places; other++)
        if (other->id == one->parent && other != one)
            return other;
    return NULL;
}

/* The chain of parents is no longer than the list, unless somebody's file goes in circles. */
static bool is_hidden(const struct volumes *v, const struct place *one)
{
    const struct place *inner = NULL;
    for (size_t depth = 0; one != NULL && depth < v->n_places; depth++) {
        if (is_covered(v, one, inner))
            return true;
        inner = one;
        one = parent_of(v, one);
    }
    return false;
}

/* ---- The list ---------------------------------------------------------------------------------------------------------- */

static bool read_list(struct volumes *v, const char *at)
{
    struct mount m;
    v->n = v->n_text = 0;
    if (!list_places(v, at))
        return false;
    for (size_t i = 0; parse_mount(&at, &m); i++) {
        if (!is_real(&m))
            continue;
        struct volume new = {.major = m.major, .minor = m.minor, .remote = is_remote(&m)};
        new.is_root = span_is(m.root, "/");
        if (!VEC_GROW(v->list, v->cap, v->n + 1) || !keep_text(v, m.point, &new.point) ||
            !keep_text(v, m.type, &new.type) || !keep_text(v, m.device, &new.source))
            return false;
        struct volume *old = find_volume(v, &new);
        bool is_new = old == v->list + v->n;
        if ((!is_new && (old->is_root || !new.is_root)) || is_hidden(v, &v->places[i]))
            continue;
        *old = new;
        v->n += is_new;
    }
    return true;
}

static void put_text(const struct volumes *v, struct frame *f, uint32_t row, uint32_t column,
                     uint32_t at)
{
    frame_cell_bytes(f, v->rowset, row, column, v->text + at, strlen(v->text + at));
}

static void put_space(const struct volumes *v, struct root *root, struct frame *f, uint32_t row,
                      const char *point)
{
    struct root_space space;
    int errnum = root_statvfs(root, point + strspn(point, "/"), &space);
    if (errnum != 0) {
        frame_cell_u64(f, v->rowset, row, ERROR, (uint64_t)errnum);
        return;
    }
    frame_cell_u64(f, v->rowset, row, BLOCK_SIZE, space.block_size);
    frame_cell_u64(f, v->rowset, row, BLOCKS, space.blocks);
    frame_cell_u64(f, v->rowset, row, FREE, space.free);
    frame_cell_u64(f, v->rowset, row, AVAILABLE, space.available);
}

static void put_rows(const struct volumes *v, struct root *root, struct frame *f)
{
    for (size_t i = 0; i < v->n; i++) {
        const struct volume *one = &v->list[i];
        uint32_t row = frame_row(f, v->rowset);
        if (row == UINT32_MAX)
            return;
        put_text(v, f, row, POINT, one->point);
        frame_cell_u64(f, v->rowset, row, MAJOR, one->major);
        frame_cell_u64(f, v->rowset, row, MINOR, one->minor);
        put_text(v, f, row, TYPE, one->type);
        put_text(v, f, row, SOURCE, one->source);
        frame_cell_u64(f, v->rowset, row, REMOTE, one->remote ? 1 : 0);
        if (!one->remote)
            put_space(v, root, f, row, v->text + one->point);
    }
}

static bool volume_read(void *state, struct root *root, struct frame *f)
{
    struct volumes *v = state;
    struct root_text text;
    if (v->rowset < 0)
        return false;
    if (!v->is_read || !root_is_live(root) || f->at.awake_ns - v->read_ns >= REREAD_NS) {
        int errnum = root_read(root, v->file, &text);
        v->is_read = errnum == 0 && read_list(v, text.text);
        v->read_ns = f->at.awake_ns;
        f->failed = f->failed || (errnum == 0 && !v->is_read);
        f->rows[v->rowset].status = errnum;
        if (!v->is_read)
            return false;
    }
    f->rows[v->rowset].status = SLOT_READ;
    put_rows(v, root, f);
    return false;
}

static void volume_describe(void *state, struct linux_probe *p)
{
    struct volumes *v = state;
    struct root_text text;
    v->rowset = -1;
    v->file = root_keep(p->root, "proc/self/mountinfo");
    v->described = true;
    int errnum = root_read(p->root, v->file, &text);
    if (errnum != 0) {
        linux_report(p, errnum == ENOENT ? -1 : errnum, NULL, "/proc/self/mountinfo: %s",
                     strerror(errnum));
        return;
    }
    v->rowset = schema_add_rowset(p->schema, "volumes", ACTOP_SCOPE_VOLUME, p->collector, columns,
                                  N_COLUMNS);
}

static void volume_close(void *state, struct root *root)
{
    struct volumes *v = state;
    if (v->described)
        root_forget(root, v->file);
    free(v->places);
    free(v->list);
    free(v->text);
}

const struct linux_part linux_part_volume = {
    .name = "volume",
    .state_size = sizeof(struct volumes),
    .want = ACTOP_WANT(ACTOP_SCOPE_VOLUME),
    .describe = volume_describe,
    .read = volume_read,
    .close = volume_close,
};
