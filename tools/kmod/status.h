/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The state of autoloading.
 */
#ifndef STATUS_H
#define STATUS_H

/* status_seal.c: whether kernel.modprobe is write-protected */
enum seal {
	SEAL_UNKNOWN,
	SEALED,
	NOT_SEALED,
};

enum seal seal_read(void);

#endif /* STATUS_H */
