/* SPDX-License-Identifier: MIT */
/* Input; see input.h. Sequences are documented in xterm's ctlseqs (CSI, SS3, SGR mouse 1006). */
#include "tui/input.h"

#include <string.h>

#include "base/text.h"

const struct input_cap input_caps[INPUT_CAPS] = {
    {"kcuu1", KEY_UP},     {"kcud1", KEY_DOWN},    {"kcub1", KEY_LEFT}, {"kcuf1", KEY_RIGHT},
    {"kpp", KEY_PAGE_UP},  {"knp", KEY_PAGE_DOWN}, {"khome", KEY_HOME}, {"kend", KEY_END},
    {"kdch1", KEY_DELETE}, {"kcbt", KEY_BACKTAB}};

void input_know(struct input *in, const char *sequence, uint32_t key)
{
    if (sequence == NULL || in->n_known == INPUT_SEQUENCES)
        return;
    size_t n = strlen(sequence);
    if (n < 2 || n >= INPUT_SEQUENCE_SIZE)
        return;
    memcpy(in->known[in->n_known].bytes, sequence, n + 1);
    in->known[in->n_known++].key = key;
}

void input_feed(struct input *in, const char *bytes, size_t n)
{
    size_t room = sizeof in->bytes - in->n;
    if (n > room)
        n = room;
    memcpy(in->bytes + in->n, bytes, n);
    in->n += n;
}

static void drop(struct input *in, size_t n)
{
    memmove(in->bytes, in->bytes + n, in->n - n);
    in->n -= n;
}

/* A sequence of terminfo at the start: its length, 0 for none, and *partial when the bytes may become one. */
static size_t match_known(const struct input *in, uint32_t *key, bool *partial)
{
    for (size_t i = 0; i < in->n_known; i++) {
        size_t n = strlen(in->known[i].bytes);
        if (in->n >= n && memcmp(in->bytes, in->known[i].bytes, n) == 0) {
            *key = in->known[i].key;
            return n;
        }
        if (in->n < n && memcmp(in->bytes, in->known[i].bytes, in->n) == 0)
            *partial = true;
    }
    return 0;
}

static uint32_t key_of_final(char final)
{
    static const struct {
        char final;
        uint32_t key;
    } rows[] = {{'A', KEY_UP},   {'B', KEY_DOWN}, {'C', KEY_RIGHT},   {'D', KEY_LEFT},
                {'H', KEY_HOME}, {'F', KEY_END},  {'Z', KEY_BACKTAB}, {'M', KEY_ENTER}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].final == final)
            return rows[i].key;
    return KEY_NONE;
}

static uint32_t key_of_number(int number)
{
    switch (number) {
    case 1:
    case 7:
        return KEY_HOME;
    case 3:
        return KEY_DELETE;
    case 4:
    case 8:
        return KEY_END;
    case 5:
        return KEY_PAGE_UP;
    case 6:
        return KEY_PAGE_DOWN;
    default:
        return KEY_NONE;
    }
}

/* Up to three numbers of a control sequence's parameters; what is not given is 0. */
static void numbers_of(const char *s, size_t n, int out[3])
{
    size_t at = 0;
    memset(out, 0, 3 * sizeof out[0]);
    for (size_t i = 0; i < n; i++) {
        if (s[i] == ';' || s[i] == ':') {
            if (++at == 3)
                return;
        } else if (s[i] >= '0' && s[i] <= '9' && out[at] < 100000) {
            out[at] = out[at] * 10 + (s[i] - '0');
        }
    }
}

/* CSI < button ; x ; y M (press) or m (release). Wheel: 64 and 65; bits 4, 8, 16 are modifiers, 32 is motion. */
static void decode_mouse(const int p[3], char final, struct event *out)
{
    int button = p[0] & ~(4 | 8 | 16);
    out->x = p[1] - 1;
    out->y = p[2] - 1;
    if (button == 64)
        out->key = KEY_WHEEL_UP;
    else if (button == 65)
        out->key = KEY_WHEEL_DOWN;
    else if (button == 0 && final == 'M')
        out->key = KEY_CLICK;
}

/* A control sequence at the start of the bytes: its length, 0 while it is not complete. Unknown ones give KEY_NONE. */
static size_t match_csi(const struct input *in, struct event *out)
{
    size_t end = 2;
    int p[3];
    while (end < in->n && in->bytes[end] >= 0x20 && in->bytes[end] <= 0x3f)
        end++;
    if (end == in->n)
        return in->n == sizeof in->bytes ? in->n : 0;
    char final = in->bytes[end];
    bool mouse = in->bytes[2] == '<';
    numbers_of(in->bytes + 2, end - 2, p);
    if (mouse && (final == 'M' || final == 'm'))
        decode_mouse(p, final, out);
    else
        out->key = final == '~' ? key_of_number(p[0]) : key_of_final(final);
    return end + 1;
}

/* Escape at the start: how many bytes make an event; 0: not complete. */
static size_t match_escape(const struct input *in, struct event *out)
{
    if (in->n == 1)
        return 0;
    if (in->bytes[1] == '[')
        return match_csi(in, out);
    if (in->bytes[1] == 'O') {
        if (in->n == 2)
            return 0;
        out->key = key_of_final(in->bytes[2]);
        return 3;
    }
    out->key = KEY_ESCAPE;
    return 1;
}

static size_t match_character(const struct input *in, struct event *out)
{
    unsigned char first = (unsigned char)in->bytes[0];
    size_t want = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (in->n < want)
        return 0;
    size_t n = utf8_decode(in->bytes, in->n, &out->key);
    if (out->key == '\n')
        out->key = KEY_ENTER;
    if (out->key == 0x7f)
        out->key = KEY_BACKSPACE;
    return n;
}

bool input_next(struct input *in, struct event *out)
{
    while (in->n > 0) {
        bool partial = false;
        *out = (struct event){KEY_NONE, -1, -1};
        size_t n = match_known(in, &out->key, &partial);
        if (n == 0 && partial)
            return false;
        if (n == 0)
            n = in->bytes[0] == 27 ? match_escape(in, out) : match_character(in, out);
        if (n == 0)
            return false;
        drop(in, n);
        if (out->key != KEY_NONE)
            return true;
    }
    return false;
}

bool input_waits(const struct input *in)
{
    return in->n > 0;
}

bool input_flush(struct input *in, struct event *out)
{
    if (in->n == 0)
        return false;
    *out = (struct event){in->bytes[0] == 27 ? (uint32_t)KEY_ESCAPE : (uint32_t)'?', -1, -1};
    size_t n =
        in->bytes[0] == 27 && in->n > 1 && (in->bytes[1] == '[' || in->bytes[1] == 'O') ? in->n : 1;
    drop(in, n);
    return true;
}
