/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM kmod

#if !defined(_TRACE_KMOD_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_KMOD_H

#include <linux/tracepoint.h>
#include <linux/types.h>
#include <trace/misc/kmod.h>
#include <trace/misc/umh.h>

struct kmod_record;

/* Export the values of enum kmod_outcome to tools, in the format files of the events. */
#undef EM
#undef EMe
#define EM(symbol, name)	TRACE_DEFINE_ENUM(symbol);
#define EMe(symbol, name)	TRACE_DEFINE_ENUM(symbol);

KMOD_OUTCOMES

#undef EM
#undef EMe
#define EM(symbol, name)	{ symbol, name },
#define EMe(symbol, name)	{ symbol, name }

/* A task has requested a module. */
TRACE_EVENT(kmod_request,

	TP_PROTO(const struct kmod_record *rec),

	TP_ARGS(rec),

	TP_STRUCT__entry(
		__field(u64, id)
		__field(u64, parent)
		__field(unsigned long, site)
		__field(pid_t, pid)
		__field(uid_t, uid)
		__field(uid_t, loginuid)
		__field(unsigned int, userns)
		__field(unsigned int, userns_level)
		__field(unsigned int, pidns)
		__field(unsigned int, mntns)
		__field(u64, cgroup)
		__field(bool, wait)
		__escaped(comm, rec->by.comm)
		__escaped(exe, rec->exe)
		__escaped(name, rec->name)
	),

	TP_fast_assign(
		__entry->id = rec->id;
		__entry->parent = rec->parent;
		__entry->site = rec->site;
		__entry->pid = rec->by.pid;
		__entry->uid = rec->by.uid;
		__entry->loginuid = rec->by.loginuid;
		__entry->userns = rec->userns;
		__entry->userns_level = rec->userns_level;
		__entry->pidns = rec->pidns;
		__entry->mntns = rec->mntns;
		__entry->cgroup = rec->cgroup;
		__entry->wait = rec->wait;
		__assign_escaped(comm, rec->by.comm);
		__assign_escaped(exe, rec->exe);
		__assign_escaped(name, rec->name);
	),

	TP_printk("id=%llu name=%s by=%s[%d] uid=%u loginuid=%d userns=%u level=%u pidns=%u mntns=%u cgroup=%llu exe=%s parent=%llu wait=%d site=%ps",
		  __entry->id, __get_str(name), __get_str(comm), __entry->pid,
		  __entry->uid, (int)__entry->loginuid, __entry->userns,
		  __entry->userns_level, __entry->pidns, __entry->mntns,
		  __entry->cgroup, __get_str(exe), __entry->parent,
		  __entry->wait, (void *)__entry->site)
);

/* A request has ended with a denial, see KMOD_OUTCOMES. */
TRACE_EVENT(kmod_deny,

	TP_PROTO(const struct kmod_record *rec),

	TP_ARGS(rec),

	TP_STRUCT__entry(
		__field(u64, id)
		__field(unsigned int, reason)
		__field(int, result)
		__escaped(name, rec->name)
	),

	TP_fast_assign(
		__entry->id = rec->id;
		__entry->reason = rec->outcome;
		__entry->result = rec->result;
		__assign_escaped(name, rec->name);
	),

	TP_printk("id=%llu name=%s reason=%s result=%d", __entry->id,
		  __get_str(name),
		  __print_symbolic(__entry->reason, KMOD_OUTCOMES),
		  __entry->result)
);

/* A request has joined another request for the same name. */
TRACE_EVENT(kmod_join,

	TP_PROTO(const struct kmod_record *rec),

	TP_ARGS(rec),

	TP_STRUCT__entry(
		__field(u64, id)
		__field(u64, into)
		__escaped(name, rec->name)
	),

	TP_fast_assign(
		__entry->id = rec->id;
		__entry->into = rec->into;
		__assign_escaped(name, rec->name);
	),

	TP_printk("id=%llu name=%s into=%llu", __entry->id, __get_str(name),
		  __entry->into)
);

DECLARE_EVENT_CLASS(kmod_module,

	TP_PROTO(const struct kmod_record *rec, const char *module),

	TP_ARGS(rec, module),

	TP_STRUCT__entry(
		__field(u64, id)
		__escaped(module, module)
	),

	TP_fast_assign(
		__entry->id = rec->id;
		__assign_escaped(module, module);
	),

	TP_printk("id=%llu module=%s", __entry->id, __get_str(module))
);

/* A task inside the modprobe of a request is loading a module. */
DEFINE_EVENT(kmod_module, kmod_load,
	TP_PROTO(const struct kmod_record *rec, const char *module),
	TP_ARGS(rec, module)
);

/* A security module has denied a module to the modprobe of a request. */
DEFINE_EVENT(kmod_module, kmod_refuse,
	TP_PROTO(const struct kmod_record *rec, const char *module),
	TP_ARGS(rec, module)
);

/* A request has ended. */
TRACE_EVENT(kmod_done,

	TP_PROTO(const struct kmod_record *rec),

	TP_ARGS(rec),

	TP_STRUCT__entry(
		__field(u64, id)
		__field(u64, into)
		__field(u64, slot_ns)
		__field(u64, run_ns)
		__field(unsigned int, outcome)
		__field(int, result)
		__field(unsigned int, modules)
		__escaped(name, rec->name)
	),

	TP_fast_assign(
		__entry->id = rec->id;
		__entry->into = rec->into;
		__entry->slot_ns = rec->slot_ns;
		__entry->run_ns = rec->run_ns;
		__entry->outcome = rec->outcome;
		__entry->result = rec->result;
		__entry->modules = rec->modules;
		__assign_escaped(name, rec->name);
	),

	TP_printk("id=%llu name=%s outcome=%s result=%d into=%llu modules=%u slot_ns=%llu run_ns=%llu",
		  __entry->id, __get_str(name),
		  __print_symbolic(__entry->outcome, KMOD_OUTCOMES),
		  __entry->result, __entry->into, __entry->modules,
		  __entry->slot_ns, __entry->run_ns)
);

#endif /* _TRACE_KMOD_H */

/* This part must be outside protection */
#include <trace/define_trace.h>
