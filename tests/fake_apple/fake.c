/* SPDX-License-Identifier: MIT */
/* The fake's beginning and end, its fault plan, its books of ports and of everything else that is lent. */
#include "fake_apple/plain_alloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_apple/fake_internal.h"

struct fake_quirks fake_quirks;
struct truth fake_machine_truth;
long fake_others;

static struct machine *machine;
static unsigned long calls[APPLE_ROW_COUNT], fallible, fail_at;
static bool fault_hit;

void fake_broken(const char *what)
{
    fprintf(stderr, "fake_apple: the caller broke a rule: %s\n", what);
    abort();
}

/* ---- calls and faults ---- */

void fake_count(enum apple_row row)
{
    calls[row]++;
}

bool fake_fails(enum apple_row row)
{
    calls[row]++;
    if (fail_at == 0 || ++fallible != fail_at)
        return false;
    fault_hit = true;
    return true;
}

void fake_fail_call(unsigned long n)
{
    fail_at = n;
    fallible = 0;
    fault_hit = false;
}

unsigned long fake_fallible(void)
{
    return fallible;
}

bool fake_fault_hit(void)
{
    return fault_hit;
}

unsigned long fake_calls(enum apple_row row)
{
    return calls[row];
}

unsigned long fake_all_calls(void)
{
    unsigned long sum = 0;

    for (size_t i = 0; i < APPLE_ROW_COUNT; i++)
        sum += calls[i];
    return sum;
}

void fake_reset_calls(void)
{
    memset(calls, 0, sizeof calls);
}

/* ---- ports ---- */

static struct fake_port *ports;
static size_t n_ports, cap_ports;
static const apple_port first_port = 0x1003;

apple_port fake_port_new(enum fake_port_kind kind)
{
    size_t at = 0;

    while (at < n_ports && ports[at].refs > 0)
        at++;
    if (at == cap_ports) {
        cap_ports = cap_ports > 0 ? 2 * cap_ports : 64;
        ports = realloc(ports, cap_ports * sizeof *ports);
        if (ports == NULL)
            abort();
    }
    if (at == n_ports)
        n_ports++;
    ports[at] = (struct fake_port){.kind = kind, .refs = 1};
    return first_port + 4 * (apple_port)at;
}

struct fake_port *fake_port_at(apple_port name, enum fake_port_kind kind, const char *caller)
{
    size_t at = (name - first_port) / 4;

    if (name < first_port || (name - first_port) % 4 != 0 || at >= n_ports || ports[at].refs <= 0 ||
        (kind != 0 && ports[at].kind != kind))
        fake_broken(caller);
    return &ports[at];
}

void fake_port_release(apple_port name, const char *caller)
{
    struct fake_port *p = fake_port_at(name, 0, caller);

    if (--p->refs > 0)
        return;
    free(p->entries);
    p->entries = NULL;
}

long fake_live_ports(void)
{
    long live = 0;

    for (size_t i = 0; i < n_ports; i++)
        live += ports[i].refs > 0 ? ports[i].refs : 0;
    return live;
}

void fake_ports_stop(void)
{
    for (size_t i = 0; i < n_ports; i++)
        if (ports[i].refs > 0)
            free(ports[i].entries);
    free(ports);
    ports = NULL;
    n_ports = cap_ports = 0;
}

long fake_live_others(void)
{
    return fake_others;
}

/* ---- life ---- */

bool fake_start(const char *directory, const char *name)
{
    struct machine_directory d = {.path = directory};
    actop_error err = {ACTOP_OK, ""};
    actop_status st = machine_load(&machine, name, machine_find_file, &d, &err);

    machine_directory_release(&d);
    fake_quirks = (struct fake_quirks){0};
    fake_fail_call(0);
    fake_reset_calls();
    fake_others = 0;
    if (st != ACTOP_OK) {
        fprintf(stderr, "fake_apple: %s\n", err.text);
        return false;
    }
    if (!truth_init(&fake_machine_truth, machine, INT64_C(1780000000000000000)))
        return false;
    if (!fake_ioreport_start() || !fake_registry_start())
        return false;
    fake_mark_baseline();
    return true;
}

void fake_stop(void)
{
    fake_registry_stop();
    fake_ioreport_stop();
    fake_ports_stop();
    truth_release(&fake_machine_truth);
    machine_free(machine);
    machine = NULL;
}

struct truth *fake_truth(void)
{
    return &fake_machine_truth;
}

void fake_fill(struct apple_api *api)
{
#define X(lib, ret, name, args) api->name = fake_##name;
    APPLE_API_MAP(X)
#undef X
#define X(lib, type, name) api->name = FAKE_ADDRESS_##name;
#define FAKE_ADDRESS_kCFTypeDictionaryKeyCallBacks fake_kCFTypeDictionaryKeyCallBacks
#define FAKE_ADDRESS_kCFTypeDictionaryValueCallBacks fake_kCFTypeDictionaryValueCallBacks
#define FAKE_ADDRESS_kCFTypeArrayCallBacks fake_kCFTypeArrayCallBacks
#define FAKE_ADDRESS_mach_task_self_ &fake_mach_task_self_
    APPLE_DATA_MAP(X)
#undef X
}
