/* SPDX-License-Identifier: MIT */
/* The Linux decoder: the parts of linux_parts.def. */
#include "decode/parts.h"

#define PART(name) extern const struct decode_part decode_part_##name;
#include "decode/linux_parts.def"
#undef PART

static const struct decode_part *const parts[] = {
#define PART(name) &decode_part_##name,
#include "decode/linux_parts.def"
#undef PART
};

static const struct decode_platform platform = {.parts = parts,
                                                .n_parts = sizeof parts / sizeof parts[0]};

static struct decoder *linux_create(void)
{
    return decode_parts_create(&platform);
}

const struct decode_ops decode_linux = {
    .platform = "linux",
    .create = linux_create,
    .step = decode_parts_step,
    .clone = decode_parts_clone,
    .destroy = decode_parts_destroy,
};
