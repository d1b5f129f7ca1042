/* SPDX-License-Identifier: MIT */
/* Scrubbing; see scrub.h and the table in scrub.def. A schema is built again text by text; a frame is copied and its
 * texts are put in anew. */
#include "frame/scrub.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/vec.h"

enum scrub_how { KEEP, BLANK, REPLACE, KNOWN };

struct scrub_rule {
    const char *pattern;
    enum scrub_how how;
    const char *word;
};

static const struct scrub_rule rules[] = {
#define SCRUB(pattern, how, word) {pattern, how, word},
#include "frame/scrub.def"
#undef SCRUB
};

static const struct scrub_rule unknown_text = {"*", REPLACE, "text"};

/* A pseudonym that was given. */
struct alias {
    uint64_t hash; /* of word and text */
    uint32_t text; /* in texts */
    uint32_t n_text;
    const char *word; /* of a rule */
    uint32_t number;
};

struct scrub {
    const struct schema *from; /* a reference: its texts as they were */
    struct schema *to;         /* a reference: without names */
    struct frame frame;
    const struct scrub_rule **of_channel, **of_column; /* of the schema's */
    size_t cap_of_channel, cap_of_column;
    struct alias *aliases;
    size_t n_aliases, cap_aliases;
    uint32_t *index; /* hash table of aliases, number + 1 */
    size_t n_index;
    struct pool texts;
    struct buf text; /* scratch */
    bool failed;
};

/* ---- names systems give themselves ---- */

/* Words parted by blanks: how names begin whose rest is a numbering, and whole names. */
static const struct known {
    const char *word, *starts, *names;
} known[] = {
    {"interface",
     "lo eth en wlan wlp wl ww utun awdl llw ap bridge anpi gif stf docker veth virbr bond dummy "
     "tun tap wg usb br ib sit ip6tnl vlan",
     ""},
    {"disk", "sd hd vd xvd nvme mmcblk disk dm- md zram loop sr nbd driver", ""},
    {"device",
     "/dev/sd /dev/hd /dev/vd /dev/xvd /dev/nvme /dev/mmcblk /dev/disk /dev/root /dev/dm- /dev/md "
     "/dev/loop /dev/zram",
     "overlay tmpfs rootfs none"},
    {"volume", "",
     "/ /boot /boot/efi /efi /home /var /var/log /var/lib /var/tmp /tmp /usr /opt /srv /root /mnt "
     "/data /nix/store /usr/local /private/var/vm"},
};

/* Numbers and the letters between them, as in enp3s0f1np0, nvme0n1p2, disk3s1, sda1: at most two letters in a row. A
 * hardware address (enx001122334455) has too many digits. */
static bool is_numbering(const char *text)
{
    unsigned letters = 0, digits = 0;
    for (; *text != '\0'; text++) {
        bool digit = *text >= '0' && *text <= '9';
        letters = digit || *text == '_' || *text == '.' ? 0 : letters + 1;
        digits += digit;
        if (letters > 2 || digits > 8 ||
            (!digit && *text != '_' && *text != '.' && (*text < 'a' || *text > 'z')))
            return false;
    }
    return true;
}

/* True when one of these words is the text, or when a numbering follows it there. */
static bool word_fits(const char *words, const char *text, bool numbered)
{
    for (size_t n; *words != '\0'; words += n + (words[n] == ' ')) {
        n = strcspn(words, " ");
        if (strncmp(text, words, n) == 0 && (numbered ? is_numbering(text + n) : text[n] == '\0'))
            return true;
    }
    return false;
}

static bool is_known(const char *word, const char *text)
{
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(known[i].word, word) == 0 &&
            (word_fits(known[i].starts, text, true) || word_fits(known[i].names, text, false)))
            return true;
    return strcmp(word, "volume") == 0 && strncmp(text, "/System/Volumes/", 16) == 0 &&
           strchr(text + 16, '/') == NULL;
}

/* ---- addresses and paths inside of texts that stay ---- */

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Length of a hardware or IPv6 address at text: hex digits parted by at least five ':' or '-', or by "::". */
static size_t address_with_colons(const char *text)
{
    size_t n = 0;
    unsigned parts = 0;
    bool doubled = false;
    for (; is_hex(text[n]) || text[n] == ':' || (text[n] == '-' && n == 2 + 3 * (size_t)parts);
         n++) {
        parts += text[n] == ':' || text[n] == '-';
        doubled = doubled || (text[n] == ':' && text[n + 1] == ':');
    }
    return parts >= 5 || (doubled && parts >= 2 && n >= 4) ? n : 0;
}

/* Length of an IPv4 address: four numbers parted by '.', and no more. */
static size_t address_with_dots(const char *text)
{
    size_t n = 0;
    for (int part = 0; part < 4; part++) {
        unsigned value = 0, digits = 0;
        for (; text[n] >= '0' && text[n] <= '9' && digits < 4; n++, digits++)
            value = value * 10 + (unsigned)(text[n] - '0');
        if (digits == 0 || digits > 3 || value > 255 || (part < 3 && text[n] != '.'))
            return 0;
        n += part < 3;
    }
    return text[n] == '.' && text[n + 1] >= '0' && text[n + 1] <= '9' ? 0 : n;
}

/* Length of exactly twelve hex digits in a row, some of them decimal: a hardware address without colons. */
static size_t address_bare(const char *text)
{
    size_t n = 0, digits = 0;
    for (; is_hex(text[n]); n++)
        digits += text[n] <= '9';
    return n == 12 && digits > 0 ? n : 0;
}

/* Length of an absolute path that is not the system's own. */
static size_t foreign_path(const char *text)
{
    static const char *const own[] = {"/sys",     "/proc", "/dev", "/System",
                                      "/usr/lib", "/run",  "/etc", "/Library/Apple"};
    if (text[0] != '/' || text[1] == '\0' || text[1] == ' ' || text[1] == '/')
        return 0;
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        size_t n = strlen(own[i]);
        if (strncmp(text, own[i], n) == 0 &&
            (text[n] == '/' || text[n] == '\0' || text[n] == ' ' || text[n] == ':'))
            return 0;
    }
    return strcspn(text, " :,;\"'()");
}

static bool starts_word(const char *text, const char *at)
{
    return at == text || (!is_hex(at[-1]) && at[-1] != '.' && at[-1] != ':' && at[-1] != '/');
}

/* Text as it is, but for addresses and foreign paths. Borrowed until the next call. */
static const char *without_addresses(struct scrub *s, const char *text)
{
    buf_clear(&s->text);
    for (const char *at = text; *at != '\0';) {
        size_t path =
            at == text || at[-1] == ' ' || at[-1] == '(' || at[-1] == '\'' ? foreign_path(at) : 0;
        size_t address = 0;
        if (starts_word(text, at)) {
            address = address_with_colons(at);
            address = address > 0 ? address : address_with_dots(at);
            address = address > 0 ? address : address_bare(at);
        }
        if (path == 0 && address == 0) {
            buf_putc(&s->text, *at++);
            continue;
        }
        buf_puts(&s->text, path > 0 ? "/path" : "address");
        at += path > 0 ? path : address;
    }
    if (s->text.failed)
        s->failed = true;
    return s->text.len == 0 || s->text.failed ? "" : s->text.data;
}

/* ---- pseudonyms ---- */

static bool grow_index(struct scrub *s)
{
    size_t size = s->n_index == 0 ? 64 : s->n_index * 2;
    uint32_t *index = calloc(size, sizeof *index);
    if (index == NULL)
        return false;
    for (uint32_t i = 0; i < s->n_aliases; i++) {
        size_t at = (size_t)s->aliases[i].hash & (size - 1);
        while (index[at] != 0)
            at = (at + 1) & (size - 1);
        index[at] = i + 1;
    }
    free(s->index);
    s->index = index;
    s->n_index = size;
    return true;
}

static bool is_alias(const struct scrub *s, const struct alias *a, const char *word,
                     const char *text, size_t n)
{
    return a->n_text == n && strcmp(a->word, word) == 0 &&
           (n == 0 || memcmp(pool_at(&s->texts, a->text), text, n) == 0);
}

static uint32_t next_number(const struct scrub *s, const char *word)
{
    uint32_t number = 1;
    for (size_t i = s->n_aliases; i > 0; i--)
        if (strcmp(s->aliases[i - 1].word, word) == 0) {
            number = s->aliases[i - 1].number + 1;
            break;
        }
    return number;
}

/* Number of the pseudonym of a text; 0 when out of memory. */
static uint32_t alias_of(struct scrub *s, const char *word, const char *text, size_t n)
{
    if (s->n_aliases * 2 >= s->n_index && !grow_index(s))
        return 0;
    uint64_t hash = hash_bytes(text, n) ^ hash_bytes(word, strlen(word)) * 31;
    size_t at = (size_t)hash & (s->n_index - 1);
    for (; s->index[at] != 0; at = (at + 1) & (s->n_index - 1))
        if (is_alias(s, &s->aliases[s->index[at] - 1], word, text, n))
            return s->aliases[s->index[at] - 1].number;
    if (!VEC_GROW(s->aliases, s->cap_aliases, s->n_aliases + 1))
        return 0;
    uint32_t number = next_number(s, word);
    struct alias a = {hash, pool_add(&s->texts, text, n), (uint32_t)n, word, number};
    if (s->texts.failed)
        return 0;
    s->aliases[s->n_aliases++] = a;
    s->index[at] = (uint32_t)s->n_aliases;
    return number;
}

static const char *pseudonym(struct scrub *s, const char *word, const char *text, size_t n)
{
    uint32_t number = alias_of(s, word, text, n);
    buf_clear(&s->text);
    /* A volume is a path to those who read it. */
    buf_printf(&s->text, "%s%s-%u", strcmp(word, "volume") == 0 ? "/" : "", word, number);
    if (number == 0 || s->text.failed)
        s->failed = true;
    return s->text.failed ? "" : s->text.data;
}

/* What a text becomes; *n is its length before and after. Borrowed until the next call. */
static const char *scrubbed(struct scrub *s, const struct scrub_rule *rule, const char *text,
                            size_t *n)
{
    if (*n == 0)
        return "";
    bool is_text = memchr(text, 0, *n) == NULL;
    bool stays = rule->how == KEEP || (rule->how == KNOWN && is_text && is_known(rule->word, text));
    if (stays && !is_text)
        return text; /* raw tables of the hardware */
    const char *now = stays                ? without_addresses(s, text)
                      : rule->how == BLANK ? ""
                                           : pseudonym(s, rule->word, text, *n);
    *n = strlen(now);
    return now;
}

static const struct scrub_rule *rule_for(const char *kind, const char *key, const char *key2)
{
    char name[256];
    (void)snprintf(name, sizeof name, "%s:%s%s%s", kind, key, key2[0] == '\0' ? "" : "/", key2);
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (fnmatch(rules[i].pattern, name, 0) == 0)
            return &rules[i];
    return &unknown_text;
}

/* ---- schema ---- */

/* A text of the schema without addresses, kept in texts: several are needed at once. */
static uint32_t kept(struct scrub *s, uint32_t text)
{
    return pool_adds(&s->texts, without_addresses(s, schema_text(s->from, text)));
}

static void copy_collectors(struct scrub *s)
{
    for (size_t i = 0; i < s->from->n_collectors; i++) {
        const struct collector *c = &s->from->collectors[i];
        uint32_t name = kept(s, c->name), reason = kept(s, c->reason), remedy = kept(s, c->remedy);
        (void)schema_add_collector(s->to, pool_at(&s->texts, name), c->status,
                                   pool_at(&s->texts, reason), pool_at(&s->texts, remedy));
    }
}

static const char **copy_states(struct scrub *s, const struct channel *c)
{
    const char **states = calloc(c->count, sizeof *states);
    for (uint32_t i = 0; states != NULL && i < c->count; i++)
        states[i] = schema_state_name(s->from, c, i);
    if (states == NULL)
        s->failed = true;
    return states;
}

static void copy_channel(struct scrub *s, const struct channel *c)
{
    uint32_t key = kept(s, c->key), group = kept(s, c->group), name = kept(s, c->name),
             label = kept(s, c->label);
    const char **states = c->has_states ? copy_states(s, c) : NULL; /* owned */
    struct channel_spec spec = {.key = pool_at(&s->texts, key),
                                .group = pool_at(&s->texts, group),
                                .name = pool_at(&s->texts, name),
                                .unit = schema_text(s->from, c->unit),
                                .label = pool_at(&s->texts, label),
                                .collector = (int32_t)c->collector,
                                .type = (enum slot_type)c->type,
                                .count = c->count,
                                .states = states,
                                .flags = c->flags,
                                .bits = c->bits};
    (void)schema_add_channel(s->to, &spec);
    free(states);
}

static void copy_rowset(struct scrub *s, const struct rowset *r)
{
    struct column_spec columns[ROWSET_MAX_COLUMNS];
    for (uint32_t i = 0; i < r->n_columns; i++) {
        const struct column *c = &s->from->columns[r->first + i];
        columns[i] = (struct column_spec){schema_text(s->from, c->key),
                                          schema_text(s->from, c->unit), (enum slot_type)c->type,
                                          c->flags, c->bits};
        s->of_column[r->first + i] =
            rule_for("column", schema_text(s->from, r->key), columns[i].key);
    }
    (void)schema_add_rowset(s->to, schema_text(s->from, r->key), (actop_scope)r->scope,
                            (int32_t)r->collector, columns, r->n_columns);
}

static void copy_property(struct scrub *s, const struct property *p)
{
    const char *key = schema_text(s->from, p->key);
    if (p->type != SLOT_BYTES) {
        schema_put_numbers(s->to, key, (enum slot_type)p->type, s->from->values + p->first,
                           p->count);
        return;
    }
    size_t n = p->count;
    const char *text =
        scrubbed(s, rule_for("property", key, ""), schema_text(s->from, p->first), &n);
    schema_put_bytes(s->to, key, text, n);
}

static actop_status no_memory(actop_error *err)
{
    return error_no_memory(err, "scrubbing a recording");
}

static actop_status copy_schema(struct scrub *s, actop_error *err)
{
    const struct schema *from = s->from;
    s->to = schema_new(schema_text(from, from->platform),
                       without_addresses(s, schema_text(from, from->source)));
    if (s->to == NULL || !VEC_GROW(s->of_channel, s->cap_of_channel, from->n_channels) ||
        !VEC_GROW(s->of_column, s->cap_of_column, from->n_columns))
        return no_memory(err);
    copy_collectors(s);
    for (size_t i = 0; i < from->n_channels; i++) {
        copy_channel(s, &from->channels[i]);
        s->of_channel[i] = rule_for("channel", schema_text(from, from->channels[i].key), "");
    }
    for (size_t i = 0; i < from->n_rowsets; i++)
        copy_rowset(s, &from->rowsets[i]);
    for (size_t i = 0; i < from->n_properties; i++)
        copy_property(s, &from->properties[i]);
    if (s->failed || s->texts.failed)
        return no_memory(err);
    return schema_seal(s->to, err);
}

static actop_status follow_schema(struct scrub *s, const struct schema *from, actop_error *err)
{
    if (s->from == from)
        return ACTOP_OK;
    schema_unref(s->from);
    schema_unref(s->to);
    s->to = NULL;
    s->from = schema_ref(from);
    actop_status st = copy_schema(s, err);
    if (st != ACTOP_OK) {
        schema_unref(s->from);
        s->from = NULL;
    }
    return st;
}

/* ---- frame ---- */

static void copy_channels(struct scrub *s, const struct frame *f)
{
    struct frame *to = &s->frame;
    if (f->schema->n_slots > 0)
        memcpy(to->slots, f->slots, f->schema->n_slots * sizeof *to->slots);
    for (size_t i = 0; i < f->schema->n_channels; i++) {
        const struct channel *c = &f->schema->channels[i];
        if (c->type == SLOT_BYTES) {
            size_t n;
            const char *text = frame_bytes(f, f->slots[c->first], &n);
            text = scrubbed(s, s->of_channel[i], text, &n);
            frame_set_bytes(to, (int32_t)i, text, n);
        }
        to->status[i] = f->status[i];
        to->stamps_ns[i] = f->stamps_ns[i];
    }
}

static void copy_row(struct scrub *s, const struct frame *f, int32_t rowset, uint32_t row)
{
    const struct rowset *def = &f->schema->rowsets[rowset];
    if (frame_row(&s->frame, rowset) == UINT32_MAX)
        return;
    for (uint32_t c = 0; c < def->n_columns; c++) {
        if (!frame_cell_has(f, rowset, row, c))
            continue;
        uint64_t cell = frame_cell(f, rowset, row, c);
        if (f->schema->columns[def->first + c].type != SLOT_BYTES) {
            frame_cell_u64(&s->frame, rowset, row, c, cell);
            continue;
        }
        size_t n;
        const char *text = frame_bytes(f, cell, &n);
        text = scrubbed(s, s->of_column[def->first + c], text, &n);
        frame_cell_bytes(&s->frame, rowset, row, c, text, n);
    }
}

actop_status scrub_frame(struct scrub *s, const struct frame *f, const struct frame **out,
                         actop_error *err)
{
    actop_status st = follow_schema(s, f->schema, err);
    if (st == ACTOP_OK)
        st = frame_begin(&s->frame, s->to, f->want, err);
    if (st != ACTOP_OK)
        return st;
    s->frame.seq = f->seq;
    s->frame.at = f->at;
    copy_channels(s, f);
    for (size_t i = 0; i < f->schema->n_rowsets; i++) {
        for (uint32_t row = 0; row < f->rows[i].n && !s->frame.failed; row++)
            copy_row(s, f, (int32_t)i, row);
        s->frame.rows[i].status = f->rows[i].status;
    }
    if (s->failed || s->frame.failed || f->failed)
        return no_memory(err);
    *out = &s->frame;
    return ACTOP_OK;
}

/* ---- life ---- */

actop_status scrub_new(struct scrub **out, actop_error *err)
{
    struct scrub *s = calloc(1, sizeof *s);
    if (s == NULL)
        return no_memory(err);
    *out = s;
    return ACTOP_OK;
}

void scrub_free(struct scrub *s)
{
    if (s == NULL)
        return;
    schema_unref(s->from);
    schema_unref(s->to);
    frame_release(&s->frame);
    free(s->of_channel);
    free(s->of_column);
    free(s->aliases);
    free(s->index);
    pool_release(&s->texts);
    buf_release(&s->text);
    free(s);
}
