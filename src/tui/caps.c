/* SPDX-License-Identifier: MIT */
/* Caps; see caps.h. The names of capabilities are documented in terminfo(5); RGB and Tc are ncurses' and tmux's
 * extensions for 24-bit colours. */
#include "tui/caps.h"

#include <curses.h>
#include <stdlib.h>
#include <string.h>
#include <term.h>

#include "base/error.h"

/* Copy a capability without its padding; one that does not fit is left out, as if the terminal did not have it. */
static bool copy_cap(char out[CAP_SIZE], const char *name)
{
    const char *text = tigetstr(name);
    size_t n = 0;
    out[0] = '\0';
    if (text == NULL || text == (char *)-1)
        return false;
    while (*text != '\0') {
        if (text[0] == '$' && text[1] == '<' && strchr(text, '>') != NULL) {
            text = strchr(text, '>') + 1;
            continue;
        }
        if (n + 1 == CAP_SIZE) {
            out[0] = '\0';
            return false;
        }
        out[n++] = *text++;
        out[n] = '\0';
    }
    return n > 0;
}

static enum colours colours_of(bool no_color)
{
    const char *setaf = tigetstr("setaf");
    int colours = tigetnum("colors");
    bool has_set = setaf != NULL && setaf != (char *)-1 && setaf[0] == 27 && setaf[1] == '[';

    if (no_color || !has_set || colours < 8)
        return COLOURS_NONE;
    if (colours >= 1 << 24 || tigetflag("RGB") > 0 || tigetnum("RGB") > 0 || tigetflag("Tc") > 0)
        return COLOURS_TRUE;
    return colours >= 256 ? COLOURS_256 : colours >= 16 ? COLOURS_16 : COLOURS_8;
}

static void read_keys(struct term_caps *caps)
{
    for (size_t i = 0; i < INPUT_CAPS; i++) {
        char text[CAP_SIZE];
        if (!copy_cap(text, input_caps[i].name) || strlen(text) >= INPUT_SEQUENCE_SIZE)
            continue;
        memcpy(caps->keys[caps->n_keys].bytes, text, strlen(text) + 1);
        caps->keys[caps->n_keys++].key = input_caps[i].key;
    }
}

static void read_caps(struct term_caps *caps, bool no_color)
{
    char mouse[CAP_SIZE];
    copy_cap(caps->move, "cup");
    copy_cap(caps->clear, "clear");
    copy_cap(caps->enter, "smcup");
    copy_cap(caps->leave, "rmcup");
    copy_cap(caps->hide, "civis");
    copy_cap(caps->show, "cnorm");
    copy_cap(caps->keypad_on, "smkx");
    copy_cap(caps->keypad_off, "rmkx");
    copy_cap(caps->clear_line, "el");
    copy_cap(caps->bold, "bold");
    copy_cap(caps->underline, "smul");
    copy_cap(caps->reverse, "rev");
    if (!copy_cap(caps->reset, "sgr0"))
        caps->bold[0] = caps->underline[0] = caps->reverse[0] = '\0';
    caps->ansi = strcmp(caps->move, "\033[%i%p1%d;%p2%dH") == 0;
    caps->paints = tigetflag("bce") > 0;
    caps->wraps_early = tigetflag("am") > 0 && tigetflag("xenl") <= 0;
    caps->mouse = copy_cap(mouse, "kmous");
    caps->colours = caps->reset[0] == '\0' ? COLOURS_NONE : colours_of(no_color);
    read_keys(caps);
}

actop_status caps_read(struct term_caps *caps, bool no_color, actop_error *err)
{
    int found = 0;
    const char *name = getenv("TERM");
    memset(caps, 0, sizeof *caps);
    if (setupterm(NULL, 1, &found) != 0)
        return error_set(err, ACTOP_E_UNSUPPORTED,
                         "terminfo does not know this terminal (TERM=%.60s)",
                         name == NULL ? "" : name);
    read_caps(caps, no_color);
    (void)del_curterm(cur_term); /* tparm needs none */
    if (caps->move[0] == '\0' || caps->clear[0] == '\0')
        return error_set(err, ACTOP_E_UNSUPPORTED,
                         "this terminal cannot place its cursor (TERM=%.60s)",
                         name == NULL ? "" : name);
    return ACTOP_OK;
}

void caps_put_move(struct buf *out, const struct term_caps *caps, int y, int x)
{
    if (caps->ansi) {
        buf_puts(out, "\033[");
        buf_put_i64(out, y + 1);
        buf_putc(out, ';');
        buf_put_i64(out, x + 1);
        buf_putc(out, 'H');
        return;
    }
    const char *text = tparm(caps->move, (long)y, (long)x, 0L, 0L, 0L, 0L, 0L, 0L, 0L);
    if (text != NULL)
        buf_puts(out, text);
}
