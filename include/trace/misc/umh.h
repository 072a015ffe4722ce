/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _TRACE_MISC_UMH_H
#define _TRACE_MISC_UMH_H

#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/string_helpers.h>

/*
 * Users choose the names of processes and modules. Bytes that are not printable
 * ASCII, spaces, quotation marks and backslashes are escaped as \xHH.
 */
#define UMH_ESCAPE_FLAGS	(ESCAPE_HEX | ESCAPE_NAP | ESCAPE_APPEND)
#define UMH_ESCAPE_ALSO		" \"\\"

/* Size of the buffer that umh_escape() needs for @src, including the NUL. */
static inline size_t umh_escaped_size(const char *src)
{
	return string_escape_mem(src, strlen(src), NULL, 0, UMH_ESCAPE_FLAGS,
				 UMH_ESCAPE_ALSO) + 1;
}

/*
 * Escapes @src, and truncates the result to @size. @src may have changed since
 * umh_escaped_size(): the path of a helper may be a sysctl.
 */
static inline void umh_escape(const char *src, char *dst, size_t size)
{
	size_t len = string_escape_mem(src, strlen(src), dst, size - 1,
				       UMH_ESCAPE_FLAGS, UMH_ESCAPE_ALSO);

	dst[min(len, size - 1)] = '\0';
}

/* Counterparts of __string() and __assign_str() that escape the string */
#define __escaped(field, src) \
	__dynamic_array(char, field, umh_escaped_size(src))
#define __assign_escaped(field, src) \
	umh_escape(src, __get_dynamic_array(field), \
		   __get_dynamic_array_len(field))

#endif /* _TRACE_MISC_UMH_H */
