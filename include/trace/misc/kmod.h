/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _TRACE_MISC_KMOD_H
#define _TRACE_MISC_KMOD_H

/*
 * Outcomes of a module request. The enum, its names and those in the trace
 * events are generated from this list. The outcomes from KMOD_OFF to
 * KMOD_KILLED are denials.
 *
 * KMOD_OK: modprobe exited with status 0; or the request does not wait, and an earlier one
 *	stands for it, for which no modprobe has been started yet
 * KMOD_FAILED: modprobe exited with another status, or could not be run
 * KMOD_OFF: autoloading is disabled
 * KMOD_NAME: the name is too long
 * KMOD_LSM: a security module denied the name, or a module that modprobe was loading
 * KMOD_LOOP: the requester is inside a modprobe for the same name, or inside too many
 *	nested modprobes
 * KMOD_BUSY: the request timed out while it waited for a slot
 * KMOD_KILLED: the requester was killed while it waited. If a modprobe ran for the request, the
 *	result is that of modprobe, which may be 0.
 * KMOD_ERROR: out of memory
 */
#define KMOD_OUTCOMES			\
	EM(KMOD_OK,	"ok")		\
	EM(KMOD_FAILED,	"failed")	\
	EM(KMOD_OFF,	"off")		\
	EM(KMOD_NAME,	"name")		\
	EM(KMOD_LSM,	"lsm")		\
	EM(KMOD_LOOP,	"loop")		\
	EM(KMOD_BUSY,	"busy")		\
	EM(KMOD_KILLED,	"killed")	\
	EMe(KMOD_ERROR,	"error")

#endif /* _TRACE_MISC_KMOD_H */
