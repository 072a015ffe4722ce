/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _TRACE_MISC_UMH_H
#define _TRACE_MISC_UMH_H

#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/string_helpers.h>

/*
 * Users choose names of processes and modules. Whatever is not printable ASCII, or
 * would end a word or a quotation, is written as \xHH.
 */
#define UMH_ESCAPE_FLAGS	(ESCAPE_HEX | ESCAPE_NAP | ESCAPE_APPEND)
#define UMH_ESCAPE_ALSO		" \"\\"

/* Bytes that umh_escape() needs, with the closing NUL. */
static inline size_t umh_escaped_size(const char *src)
{
	return string_escape_mem(src, strlen(src), NULL, 0, UMH_ESCAPE_FLAGS,
				 UMH_ESCAPE_ALSO) + 1;
}

/* A path may be a variable that has grown since its size was asked for. */
static inline void umh_escape(const char *src, char *dst, size_t size)
{
	size_t len = string_escape_mem(src, strlen(src), dst, size - 1,
				       UMH_ESCAPE_FLAGS, UMH_ESCAPE_ALSO);

	dst[min(len, size - 1)] = '\0';
}

/* As __string() and __assign_str(), for the strings that users choose. */
#define __escaped(field, src) \
	__dynamic_array(char, field, umh_escaped_size(src))
#define __assign_escaped(field, src) \
	umh_escape(src, __get_dynamic_array(field), \
		   __get_dynamic_array_len(field))

#endif /* _TRACE_MISC_UMH_H */
