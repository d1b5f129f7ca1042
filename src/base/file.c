/* SPDX-License-Identifier: MIT */
/* Files, whole; see file.h. What is written stands beside the file first and then takes its name, which is one step for
 * whoever reads it. */
#include "base/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

actop_status file_read(const char *path, size_t most, struct buf *out, actop_error *err)
{
    char bytes[4096];
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        return error_errno(err, errno, "%s", path);
    for (size_t n; most > 0; most -= n) {
        n = fread(bytes, 1, most < sizeof bytes ? most : sizeof bytes, f);
        if (n == 0)
            break;
        buf_put(out, bytes, n);
    }
    actop_status st = ferror(f) ? error_errno(err, errno, "%s", path) : ACTOP_OK;
    (void)fclose(f);
    if (st == ACTOP_OK && out->failed)
        st = error_no_memory(err, path);
    return st;
}

static void make_folders(char *path)
{
    for (char *at = strchr(path + 1, '/'); at != NULL; at = strchr(at + 1, '/')) {
        *at = '\0';
        (void)mkdir(path, 0777); /* if it fails, so does writing the file, and says why */
        *at = '/';
    }
}

static bool write_all(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t done = write(fd, bytes, n);
        if (done < 0 && errno != EINTR)
            return false;
        bytes += done < 0 ? 0 : done;
        n -= done < 0 ? 0 : (size_t)done;
    }
    return true;
}

static mode_t mode_of(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? st.st_mode & 0777 : 0644;
}

actop_status file_replace(const char *path, const struct buf *text, actop_error *err)
{
    struct buf beside = BUF_INIT;
    buf_printf(&beside, "%s.XXXXXX", path);
    if (beside.failed)
        return error_no_memory(err, path);
    make_folders(beside.data);
    int fd = mkstemp(beside.data);
    bool ok = fd >= 0 && write_all(fd, text->data, text->len) && fchmod(fd, mode_of(path)) == 0 &&
              fsync(fd) == 0;
    ok = fd >= 0 && close(fd) == 0 && ok;
    ok = ok && rename(beside.data, path) == 0;
    actop_status st = ok ? ACTOP_OK : error_errno(err, errno, "cannot write %s", path);
    if (!ok && fd >= 0)
        (void)unlink(beside.data);
    buf_release(&beside);
    return st;
}
