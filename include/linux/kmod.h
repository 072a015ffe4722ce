/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef __LINUX_KMOD_H__
#define __LINUX_KMOD_H__

#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/sched.h>
#include <linux/stddef.h>
#include <linux/sysctl.h>
#include <linux/types.h>
#include <linux/umh.h>
#include <linux/workqueue.h>

/* Size of a buffer for modprobe's path, including the terminating NUL. */
#define KMOD_PATH_LEN 256

#ifdef CONFIG_MODULES
__printf(2, 3)
int __request_module(bool wait, const char *fmt, ...);

/* Both take a printf() format and its arguments, see __request_module(). */
#define request_module(mod...) __request_module(true, mod)
#define request_module_nowait(mod...) __request_module(false, mod)

/*
 * Evaluate @x. If it is zero, request the module and evaluate @x again. @x is
 * typically a lookup of an object that the module registers.
 */
#define try_then_request_module(x, mod...) \
	((x) ?: (__request_module(true, mod), (x)))

/**
 * struct kmod_requester - the task that made a request
 * @pid: its pid
 * @uid: its real user id
 * @loginuid: its login uid, (uid_t)-1 if unset
 * @comm: its name
 *
 * All ids are those of the initial namespaces.
 */
struct kmod_requester {
	pid_t pid;
	uid_t uid;
	uid_t loginuid;
	char comm[TASK_COMM_LEN];
};

void kmod_requester_current(struct kmod_requester *requester);

/* For the module loader. */
struct kmod_modprobe;

struct kmod_modprobe *kmod_load_begin(void);
void kmod_load_end(struct kmod_modprobe *m);
void kmod_unload_begin(void);

/* For security modules. */
bool kmod_serving(struct kmod_requester *requester);
void kmod_refuse(const char *module);
void kmod_path_lock(void);
#else
static inline __printf(1, 2)
int request_module(const char *fmt, ...)
{
	return -ENOSYS;
}

static inline __printf(1, 2)
int request_module_nowait(const char *fmt, ...)
{
	return -ENOSYS;
}

#define try_then_request_module(x, mod...) (x)

static inline void kmod_path_lock(void) { }
#endif

#endif /* __LINUX_KMOD_H__ */
