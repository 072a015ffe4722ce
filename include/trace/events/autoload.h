/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM autoload

#if !defined(_TRACE_AUTOLOAD_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_AUTOLOAD_H

#include <linux/tracepoint.h>
#include <linux/types.h>
#include <trace/misc/umh.h>

struct autoload_denial;

/*
 * The policy denies a request, a module or a helper, or would deny it if it were enforced.
 * Unknown strings are empty.
 */
TRACE_EVENT(autoload_deny,

	TP_PROTO(const struct autoload_denial *denial),

	TP_ARGS(denial),

	TP_STRUCT__entry(
		__field(u64, caps)
		__field(pid_t, pid)
		__field(uid_t, uid)
		__field(uid_t, loginuid)
		__field(bool, enforced)
		__field(bool, init_userns)
		__field(bool, kthread)
		__escaped(kind, autoload_kinds[denial->kind])
		__escaped(name, denial->name)
		__escaped(rule, denial->rule)
		__escaped(comm, denial->by->comm)
		__escaped(exe, denial->by->exe ?: "")
		__escaped(cgroup, denial->by->cgroup ?: "")
	),

	TP_fast_assign(
		__entry->caps = denial->by->caps;
		__entry->pid = denial->by->pid;
		__entry->uid = denial->by->uid;
		__entry->loginuid = denial->by->loginuid;
		__entry->enforced = denial->enforced;
		__entry->init_userns = denial->by->init_userns;
		__entry->kthread = denial->by->kthread;
		__assign_escaped(kind, autoload_kinds[denial->kind]);
		__assign_escaped(name, denial->name);
		__assign_escaped(rule, denial->rule);
		__assign_escaped(comm, denial->by->comm);
		__assign_escaped(exe, denial->by->exe ?: "");
		__assign_escaped(cgroup, denial->by->cgroup ?: "");
	),

	TP_printk("enforced=%d kind=%s name=%s rule=%s pid=%d uid=%u auid=%u caps=%llx userns=%s kthread=%d comm=%s exe=%s cgroup=%s",
		  __entry->enforced, __get_str(kind), __get_str(name), __get_str(rule),
		  __entry->pid, __entry->uid, __entry->loginuid, __entry->caps,
		  __entry->init_userns ? "init" : "other", __entry->kthread,
		  __get_str(comm), __get_str(exe), __get_str(cgroup))
);

#endif /* _TRACE_AUTOLOAD_H */

/* This part must be outside protection */
#include <trace/define_trace.h>
