/* SPDX-License-Identifier: MIT */
/* Channel names as recorded on M1 to M5 machines, and names that look like cores and are none. */
#include "decode/apple/apple.h"

#include <string.h>

#include "lib/test.h"

static void cpu_names_of_every_spelling_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum apple_name_place place;
        enum apple_cpu_kind kind;
        uint32_t die;
        char letter;
        uint32_t number, core;
    } rows[] = {
        {"ECPU0", APPLE_NAME_CORES, APPLE_CPU_CORE, 0, 'E', 0, 0},
        {"PCPU3", APPLE_NAME_CORES, APPLE_CPU_CORE, 0, 'P', 0, 3},
        {"ECPU00", APPLE_NAME_CORES, APPLE_CPU_CORE, 0, 'E', 0, 0},
        {"ECPU010", APPLE_NAME_CORES, APPLE_CPU_CORE, 0, 'E', 0, 1},
        {"PCPU140", APPLE_NAME_CORES, APPLE_CPU_CORE, 0, 'P', 1, 4},
        {"MCPU050", APPLE_NAME_CORES, APPLE_CPU_CORE, 0, 'M', 0, 5},
        {"DIE_1_PCPU1_CPU3", APPLE_NAME_CORES, APPLE_CPU_CORE, 1, 'P', 1, 3},
        {"DIE_0_ECPU_CPU1", APPLE_NAME_CORES, APPLE_CPU_CORE, 0, 'E', 0, 1},
        {"ECPU", APPLE_NAME_COMPLEXES, APPLE_CPU_CLUSTER, 0, 'E', 0, 0},
        {"PCPU1", APPLE_NAME_COMPLEXES, APPLE_CPU_CLUSTER, 0, 'P', 1, 0},
        {"MCPU1", APPLE_NAME_COMPLEXES, APPLE_CPU_CLUSTER, 0, 'M', 1, 0},
        {"ECPM", APPLE_NAME_COMPLEXES, APPLE_CPU_FABRIC, 0, 'E', 0, 0},
        {"DIE_1_PCPM1", APPLE_NAME_COMPLEXES, APPLE_CPU_FABRIC, 1, 'P', 1, 0},
        {"PCPM_IDLE", APPLE_NAME_COMPLEXES, APPLE_CPU_NONE, 0, 0, 0, 0},
        {"EACC_CPU", APPLE_NAME_RAILS, APPLE_CPU_CLUSTER, 0, 'E', 0, 0},
        {"PACC1_CPU", APPLE_NAME_RAILS, APPLE_CPU_CLUSTER, 0, 'P', 1, 0},
        {"PACC0_CPU4", APPLE_NAME_RAILS, APPLE_CPU_CORE, 0, 'P', 0, 4},
        {"DIE_1_EACC_CPU0", APPLE_NAME_RAILS, APPLE_CPU_CORE, 1, 'E', 0, 0},
        {"EACC_CPM", APPLE_NAME_RAILS, APPLE_CPU_FABRIC, 0, 'E', 0, 0},
        {"MCPU0_3", APPLE_NAME_RAILS, APPLE_CPU_CORE, 0, 'M', 0, 3},
        {"PACC_5", APPLE_NAME_RAILS, APPLE_CPU_CORE, 0, 'P', 0, 5},
        {"MCPU0_3_SRAM", APPLE_NAME_RAILS, APPLE_CPU_NONE, 0, 0, 0, 0},
        {"PCPUDTL00", APPLE_NAME_RAILS, APPLE_CPU_NONE, 0, 0, 0, 0},
        {"ECORE0", APPLE_NAME_RAILS, APPLE_CPU_NONE, 0, 0, 0, 0},
        {"CPU Energy", APPLE_NAME_RAILS, APPLE_CPU_NONE, 0, 0, 0, 0},
        {"GPUPH", APPLE_NAME_CORES, APPLE_CPU_NONE, 0, 0, 0, 0},
        {"", APPLE_NAME_CORES, APPLE_CPU_NONE, 0, 0, 0, 0},
        {"DIE_", APPLE_NAME_CORES, APPLE_CPU_NONE, 0, 0, 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct apple_cpu_name n = apple_parse_cpu(rows[i].name, rows[i].place);
        CHECK_ROW(n.kind == rows[i].kind, rows[i].name);
        if (n.kind == APPLE_CPU_NONE)
            continue;
        CHECK_ROW(n.cluster.die == rows[i].die && n.cluster.letter == rows[i].letter, rows[i].name);
        CHECK_ROW(n.cluster.number == rows[i].number && n.core == rows[i].core, rows[i].name);
    }
}

static void block_names_lose_die_and_instance_and_nothing_else(void **state)
{
    (void)state;
    static const struct {
        const char *name, *base;
        uint32_t die;
    } rows[] = {
        {"ANE", "ANE", 0},
        {"ANE0", "ANE", 0},
        {"ANE0_1", "ANE", 1},
        {"GPU SRAM0_0", "GPU SRAM", 0},
        {"DIE_1_CPU Energy", "CPU Energy", 1},
        {"GPU CS SRAM0_0", "GPU CS SRAM", 0},
        {"GPU Energy", "GPU Energy", 0},
        {"apciec0 Energy", "apciec0 Energy", 0},
        {"PCIe Port 1 Energy", "PCIe Port 1 Energy", 0},
        {"SOC_AON", "SOC_AON", 0},
        {"DISPEXT0_1", "DISPEXT", 1},
        {"123", "123", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct apple_block_name b = apple_parse_block(rows[i].name);
        CHECK_ROW(strcmp(b.base, rows[i].base) == 0 && b.die == rows[i].die, rows[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cpu_names_of_every_spelling_are_told_apart),
        cmocka_unit_test(block_names_lose_die_and_instance_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
