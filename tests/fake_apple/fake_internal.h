/* SPDX-License-Identifier: MIT */
/* Between the files of the fake. */
#ifndef ACTOP_TESTS_FAKE_APPLE_FAKE_INTERNAL_H
#define ACTOP_TESTS_FAKE_APPLE_FAKE_INTERNAL_H

#include "fake_apple/fake.h"

/* Count a call; true when the fault plan says that this one fails. */
bool fake_fails(enum apple_row row);
void fake_count(enum apple_row row);
/* Tests end at once, with the reason, when the caller breaks a rule (a released object, a foreign type). */
void fake_broken(const char *what);

extern long fake_others; /* mappings, tokens, connections, pools */
extern struct truth fake_machine_truth;

/* ---- objects ---- */
enum fake_type {
    FAKE_STRING = 1, FAKE_NUMBER, FAKE_BOOLEAN, FAKE_DATA, FAKE_ARRAY, FAKE_DICTIONARY, FAKE_SUBSCRIPTION,
    FAKE_HID_CLIENT, FAKE_HID_SERVICE, FAKE_HID_EVENT,
};

struct fake_object {
    uint32_t magic;
    enum fake_type type;
    long refs;
    int64_t number; /* numbers, booleans; the index of HID services; a channel's row + 1 in its dictionary */
    double real;
    char *bytes; /* owned; strings and data */
    size_t n;    /* bytes, elements or pairs */
    size_t cap;
    struct fake_object **items; /* owned; elements, or keys and values in turn */
};

/* New objects have one reference. Containers retain what is put in; the _give forms take the reference over. */
struct fake_object *fake_new(enum fake_type type);
struct fake_object *fake_text(const char *text);
struct fake_object *fake_number(int64_t value);
struct fake_object *fake_bool(bool value);
struct fake_object *fake_data(const void *bytes, size_t n);
struct fake_object *fake_dictionary(void);
struct fake_object *fake_array(void);
void fake_retain(struct fake_object *o);
void fake_release_object(struct fake_object *o);
struct fake_object *fake_checked(apple_cf object, const char *caller);
const struct fake_object *fake_get(const struct fake_object *dictionary, const char *key);
void fake_set_give(struct fake_object *dictionary, const char *key, struct fake_object *value);
void fake_append_give(struct fake_object *array, struct fake_object *value);
void fake_shrink(struct fake_object *array, size_t n);
struct fake_object *fake_copy_dictionary(const struct fake_object *from);

/* What lives now is the fake's own, and not the caller's to give back. */
void fake_mark_baseline(void);

/* ---- parts ---- */
bool fake_ioreport_start(void);
void fake_ioreport_stop(void);
bool fake_registry_start(void);
void fake_registry_stop(void);

/* ---- ports ---- */
enum fake_port_kind { FAKE_PORT_ENTRY = 1, FAKE_PORT_ITERATOR, FAKE_PORT_CONNECTION, FAKE_PORT_HOST };
struct fake_port {
    enum fake_port_kind kind;
    long refs;
    size_t *entries; /* iterators: owned list of nodes */
    size_t n, at;
    size_t node; /* entries and connections */
};
apple_port fake_port_new(enum fake_port_kind kind);
struct fake_port *fake_port_at(apple_port name, enum fake_port_kind kind, const char *caller);
void fake_port_release(apple_port name, const char *caller);
void fake_ports_stop(void);

#endif
