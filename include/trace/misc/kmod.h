/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _TRACE_MISC_KMOD_H
#define _TRACE_MISC_KMOD_H

/*
 * How a request for a module can end. The enum, the names, the trace events and
 * tools/kmod are made from this list. Those from KMOD_OFF to KMOD_KILLED are denials.
 *
 * KMOD_OK: modprobe exited with status 0
 * KMOD_FAILED: it exited with another status, or could not be run
 * KMOD_OFF: autoloading is off
 * KMOD_NAME: the name is too long
 * KMOD_LSM: a security module refused the name, or a module that modprobe loaded
 * KMOD_LOOP: the request comes from inside a modprobe for the same name, or too deep
 * KMOD_BUSY: there was no slot in time
 * KMOD_KILLED: the requester was killed while it waited
 * KMOD_ERROR: no memory
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
