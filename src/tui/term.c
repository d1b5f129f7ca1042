/* SPDX-License-Identifier: MIT */
/* Term; see term.h. The mouse modes 1000 and 1006 are documented in xterm's ctlseqs. */
#include "tui/term.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#if defined(__has_include)
#if __has_include(<xlocale.h>)
#include <xlocale.h> /* where macOS declares newlocale and nl_langinfo_l */
#endif
#endif

#include "base/error.h"
#include "base/signals.h"
#include "tui/caps.h"

/* What a crash handler needs to give the terminal back. */
static struct {
    volatile int open;
    int fd;
    int out; /* for writing: our own where it can be had, so that it does not block; else standard output */
    struct termios before;
    char leave[CAP_SIZE * 8];
    size_t n_leave;
} saved; /* writable: a signal handler must reach it */

struct term {
    struct term_caps caps;
    struct grid shown; /* what is on the screen */
    bool shown_valid;
    struct looks looks; /* that it was drawn with */
    struct buf out;
    bool utf8;
};

static const char mouse_on[] = "\033[?1000h\033[?1006h";
static const char mouse_off[] = "\033[?1006l\033[?1000l";

/* ---- writing ---------------------------------------------------------------------------------------- */

/* Our own description of the terminal behind standard output: O_NONBLOCK on the inherited one would hold for the shell,
 * too. */
static int open_output(void)
{
    char path[256];
    int fd = -1;
    if (ttyname_r(STDOUT_FILENO, path, sizeof path) == 0)
        fd = open(path, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    return fd >= 0 ? fd : STDOUT_FILENO;
}

enum { TRY_MS = 100, LEAVE_TRIES = 10, UNTIL_ENDED = -1 };

/* All bytes, however slowly the terminal takes them. One that takes none any more (its window hangs, its line is held)
 * must not keep us from ending: false after so many tries, or once a signal says to end. */
static bool write_all(const char *bytes, size_t n, int tries)
{
    while (n > 0) {
        struct pollfd wait = {saved.out, POLLOUT, 0};
        int ready = poll(&wait, 1, TRY_MS);
        ssize_t done = ready > 0 ? write(saved.out, bytes, n) : -1;
        if (done > 0) {
            bytes += done;
            n -= (size_t)done;
            continue;
        }
        bool again = done < 0 && (ready == 0 || errno == EAGAIN || errno == EINTR);
        if (!again || tries == 0 || (tries == UNTIL_ENDED && signals_ended() != 0))
            return false;
        tries -= tries > 0 ? 1 : 0;
    }
    return true;
}

/* ---- taking and giving back ------------------------------------------------------------------------- */

static void remember_leave(const struct term_caps *caps)
{
    struct buf b;
    buf_init_fixed(&b, saved.leave, sizeof saved.leave);
    if (caps->mouse)
        buf_puts(&b, mouse_off);
    buf_puts(&b, caps->reset);
    buf_puts(&b, caps->keypad_off);
    if (caps->leave[0] == '\0') /* no second screen: leave it clean */
        buf_puts(&b, caps->clear);
    buf_puts(&b, caps->show);
    buf_puts(&b, caps->leave);
    saved.n_leave = b.len < sizeof saved.leave ? b.len : sizeof saved.leave - 1;
}

static bool enter(struct term *t)
{
    struct termios raw = saved.before;
    raw.c_iflag &= ~(tcflag_t)(IXON | ICRNL | INLCR | IGNCR | ISTRIP | BRKINT);
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | IEXTEN);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    saved.open = 1; /* before it is true: giving back what was not taken does no harm */
    if (tcsetattr(saved.fd, TCSANOW, &raw) != 0)
        return false;
    buf_clear(&t->out);
    buf_puts(&t->out, t->caps.enter);
    buf_puts(&t->out, t->caps.hide);
    buf_puts(&t->out, t->caps.keypad_on);
    if (t->caps.mouse)
        buf_puts(&t->out, mouse_on);
    t->shown_valid = false;
    return !t->out.failed && write_all(t->out.data, t->out.len, UNTIL_ENDED);
}

void term_emergency(void)
{
    if (!saved.open)
        return;
    saved.open = 0;
    if (write(saved.out, saved.leave, saved.n_leave) < 0) {
        /* there is nobody left to tell */
    }
    (void)tcsetattr(saved.fd, TCSANOW, &saved.before);
}

void term_suspend(struct term *t)
{
    (void)t;
    if (!saved.open)
        return;
    /* Settings wait for output that is on its way, but not where it does not get through. */
    bool gone = write_all(saved.leave, saved.n_leave, LEAVE_TRIES);
    (void)tcsetattr(saved.fd, gone ? TCSADRAIN : TCSANOW, &saved.before);
    saved.open = 0;
}

void term_resume(struct term *t)
{
    (void)enter(t);
}

/* Whether the user's locale writes UTF-8, without changing the program's. */
static bool locale_is_utf8(void)
{
    locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
    if (locale == (locale_t)0)
        return false;
    bool utf8 = strcmp(nl_langinfo_l(CODESET, locale), "UTF-8") == 0;
    freelocale(locale);
    return utf8;
}

actop_status term_open(struct term **out, actop_error *err)
{
    const char *no_color = getenv("NO_COLOR");
    const char *program = getenv("TERM_PROGRAM");
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) ||
        tcgetattr(STDIN_FILENO, &saved.before) != 0)
        return error_set(err, ACTOP_E_UNSUPPORTED, "standard input and output are no terminal");
    struct term *t = calloc(1, sizeof *t);
    if (t == NULL)
        return error_no_memory(err, "the screen");
    actop_status st = caps_read(&t->caps, no_color != NULL && *no_color != '\0', err);
    if (st != ACTOP_OK) {
        free(t);
        return st;
    }
    if (program != NULL && strcmp(program, "Apple_Terminal") == 0 &&
        t->caps.colours == COLOURS_TRUE)
        t->caps.colours = COLOURS_256; /* it has no 24-bit colours: reported by its users */
    t->utf8 = locale_is_utf8();
    saved.fd = STDIN_FILENO;
    saved.out = open_output();
    remember_leave(&t->caps);
    if (!enter(t)) {
        term_close(t);
        return error_set(err, ACTOP_E_IO, "the terminal does not take its settings");
    }
    *out = t;
    return ACTOP_OK;
}

void term_close(struct term *t)
{
    if (t == NULL)
        return;
    term_suspend(t);
    if (saved.out != STDOUT_FILENO)
        (void)close(saved.out);
    saved.out = STDOUT_FILENO;
    grid_release(&t->shown);
    buf_release(&t->out);
    free(t);
}

/* ---- asking ----------------------------------------------------------------------------------------- */

void term_size(const struct term *t, int *rows, int *cols)
{
    struct winsize size;
    (void)t;
    *rows = 24;
    *cols = 80;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0) {
        *rows = size.ws_row < 1000 ? size.ws_row : 1000;
        *cols = size.ws_col < 1000 ? size.ws_col : 1000;
    }
}

bool term_is_utf8(const struct term *t)
{
    return t->utf8;
}

enum colours term_colours(const struct term *t)
{
    return t->caps.colours;
}

int term_input_fd(const struct term *t)
{
    (void)t;
    return STDIN_FILENO;
}

bool term_read(struct term *t, struct input *in)
{
    char bytes[INPUT_BUFFER];
    (void)t;
    /* No more than there is room for: a part of a sequence may wait, and what is dropped would cut the next one. */
    ssize_t n = read(STDIN_FILENO, bytes, sizeof bytes - in->n);
    if (n > 0)
        input_feed(in, bytes, (size_t)n);
    return n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN));
}

void term_know_keys(const struct term *t, struct input *in)
{
    for (size_t i = 0; i < t->caps.n_keys; i++)
        input_know(in, t->caps.keys[i].bytes, t->caps.keys[i].key);
}

/* ---- showing ---------------------------------------------------------------------------------------- */

void term_forget(struct term *t)
{
    t->shown_valid = false;
}

bool term_show(struct term *t, const struct grid *g, const struct looks *looks)
{
    bool same_looks = memcmp(looks, &t->looks, sizeof *looks) == 0;
    bool keep = t->shown_valid && same_looks && t->shown.rows == g->rows &&
                t->shown.cols == g->cols;
    buf_clear(&t->out);
    term_put_frame(&t->out, &t->caps, keep ? &t->shown : NULL, g, looks);
    if (t->out.failed || !grid_resize(&t->shown, g->rows, g->cols))
        return false;
    if (g->rows > 0 && g->cols > 0)
        memcpy(t->shown.cells, g->cells, (size_t)g->rows * (size_t)g->cols * sizeof *g->cells);
    t->looks = *looks;
    t->shown_valid = true;
    return t->out.len == 0 || write_all(t->out.data, t->out.len, UNTIL_ENDED);
}
