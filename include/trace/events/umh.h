/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM umh

#if !defined(_TRACE_UMH_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_UMH_H

#include <linux/sched.h>
#include <linux/timekeeping.h>
#include <linux/tracepoint.h>
#include <linux/umh.h>
#include <trace/misc/umh.h>

/* A helper was accepted and is about to be queued on khelper. */
TRACE_EVENT(umh_queue,

	TP_PROTO(const struct subprocess_info *info),

	TP_ARGS(info),

	TP_STRUCT__entry(
		__field(pid_t, requester)
		__field(int, wait)
		__escaped(comm, info->requester_comm)
		__escaped(path, info->path)
	),

	TP_fast_assign(
		__entry->requester = info->requester;
		__entry->wait = info->wait;
		__assign_escaped(comm, info->requester_comm);
		__assign_escaped(path, info->path);
	),

	TP_printk("path=%s wait=0x%x by=%s[%d]", __get_str(path),
		  __entry->wait, __get_str(comm), __entry->requester)
);

/* A helper's thread has exec'ed (result 0), or has failed before or in the exec. */
TRACE_EVENT(umh_exec,

	TP_PROTO(const char *path, pid_t pid, int result),

	TP_ARGS(path, pid, result),

	TP_STRUCT__entry(
		__field(pid_t, pid)
		__field(int, result)
		__escaped(path, path)
	),

	TP_fast_assign(
		__entry->pid = pid;
		__entry->result = result;
		__assign_escaped(path, path);
	),

	TP_printk("path=%s pid=%d result=%d", __get_str(path), __entry->pid,
		  __entry->result)
);

/* The process of a helper has exited. The status is the wait status of wait(2). */
TRACE_EVENT(umh_exit,

	TP_PROTO(const struct task_struct *leader, int status),

	TP_ARGS(leader, status),

	TP_STRUCT__entry(
		__field(pid_t, pid)
		__field(int, status)
		__field(u64, run_ns)
	),

	TP_fast_assign(
		__entry->pid = leader->pid;
		__entry->status = status;
		__entry->run_ns = ktime_get_ns() - leader->start_time;
	),

	TP_printk("pid=%d status=%d run_ns=%llu", __entry->pid,
		  __entry->status, __entry->run_ns)
);

#endif /* _TRACE_UMH_H */

/* This part must be outside protection */
#include <trace/define_trace.h>
