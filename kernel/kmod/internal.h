/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __KERNEL_KMOD_INTERNAL_H
#define __KERNEL_KMOD_INTERNAL_H

#include <linux/types.h>

/* path.c: which program loads modules */
bool kmod_path_is_set(void);
void kmod_path_copy(char *path);

/* slots.c: how many of them run at a time */
int kmod_slot_get(const char *name);
void kmod_slot_put(void);

/* modprobe.c: one run of it */
int kmod_modprobe(const char *name, bool wait);

#endif /* __KERNEL_KMOD_INTERNAL_H */
