// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writes generated input to a file of /proc/sys and compares the result with a model.
 *
 *	kmod_fuzz_sysctl SEED ROUNDS string FILE SIZE	up to SIZE - 1 bytes
 *	kmod_fuzz_sysctl SEED ROUNDS number FILE MIN MAX
 *	kmod_fuzz_sysctl SEED ROUNDS words FILE		capability masks
 *	kmod_fuzz_sysctl SEED ROUNDS refused FILE	writes must fail with EPERM
 *
 * Each write must fail with the errno of the model and change nothing, or return the length
 * and have the effect of the model. A write that would clear capabilities is skipped.
 * "refused" also writes to file descriptor 3, which a privileged caller must have opened for
 * writing. Prints a summary and exits with 0, or prints the first difference and exits
 * with 1.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "kmod_random.h"

#define LONGEST		70000
#define MEMORY		(20 * 4096)
#define VALUE_SIZE	512
/* The kernel ignores the text of a number beyond this many bytes. */
#define NUMBER_TEXT	4095
#define NUMBER_DIGITS	21

struct attempt {
	unsigned char *data;
	size_t len;
	off_t off;
	bool unreadable;	/* not all of data can be read */
};

static const char *file;
static size_t string_size;
static unsigned long long number_min, number_max;

/* Followed by a page that cannot be read */
static unsigned char *memory;

static unsigned int taken, rejected, ignored, skipped;

/* Sizes and offsets next to the limits of the kernel */
static const size_t edges[] = {
	0, 1, 2, 7, 8, 20, 21, 22, 127, 128, 254, 255, 256, 257, 258, 511, 512,
	4094, 4095, 4096, 4097, 8192, 65535, 65536, 65537, LONGEST - 1, LONGEST,
};

static const char * const tokens[] = {
	"0", "1", "2", "50", "86400", "86401", "255", "256", "2147483647",
	"2147483648", "4294967294", "4294967295", "4294967296",
	"9223372036854775807", "18446744073709551615", "18446744073709551616",
	"99999999999999999999", "000000000000000000001", "0x10", "0X1f", "0x",
	"0xffffffff", "0x100000000", "037777777777", "08", "-", "-1", "-0", "+1",
	"1e3", " ", "\t", "\n", "\r", "\v", "\f", "\xa0", "\t\n", ",", "%s",
	"%n", "%n%n%n%n", "%p", "%99999d", "%s%s%s%s", "%*pE", "/", "/sbin",
	"/../", "modprobe", "\\x00", "\xff", "\x7f", "\xc3\xa4", "'", "\"",
	"$(id)", ";", "|", "`", "x",
};

#define PICK(array)	((array)[random_below(sizeof(array) / sizeof(*(array)))])

static void append(struct attempt *a, const void *text, size_t len)
{
	if (a->len + len > LONGEST)
		len = LONGEST - a->len;
	memcpy(a->data + a->len, text, len);
	a->len += len;
}

static void make_text(struct attempt *a)
{
	int n = random_below(5) + 1;
	const char *token;

	while (n--) {
		token = PICK(tokens);
		append(a, token, strlen(token));
	}
}

/* White space up to NUMBER_TEXT, then text */
static void make_padded(struct attempt *a)
{
	a->len = NUMBER_TEXT - random_below(6);
	memset(a->data, PICK(" \t\n\v"), a->len);
	if (random_one_in(2))
		memcpy(a->data, "1 2", 3);
	if (random_one_in(2))
		memcpy(a->data, "4294967295 4294967295", 21);
	make_text(a);
}

static void make_bytes(struct attempt *a)
{
	size_t len = random_one_in(3) ? PICK(edges) : random_below(300);
	size_t i;

	if (random_one_in(20))
		len = random_below(LONGEST + 1);
	random_bytes(a->data, len);
	a->len = len;
	if (random_one_in(4))
		return;
	/* Without a NUL or a newline, which would end the value */
	for (i = 0; i < len; i++)
		if (!a->data[i] || a->data[i] == '\n')
			a->data[i] = 'a';
}

static void make_path(struct attempt *a)
{
	a->len = random_one_in(3) ? PICK(edges) : 240 + random_below(30);
	memset(a->data, 'p', a->len);
	a->data[0] = '/';
}

static void make_attempt(struct attempt *a)
{
	memset(a, 0, sizeof(*a));
	a->data = memory;
	switch (random_below(8)) {
	case 0:
	case 1:
		make_bytes(a);
		break;
	case 2:
		make_path(a);
		break;
	case 3:
		make_padded(a);
		break;
	default:
		make_text(a);
	}
	if (a->len && random_one_in(6))
		a->data[random_below(a->len)] = PICK("\0\n\0\r");
	if (random_one_in(4))
		a->off = random_one_in(2) ? random_below(300) : PICK(edges);
	if (random_one_in(40))
		a->off = random_one_in(2) ? LLONG_MAX - random_below(3) : -1;
	if (a->len && random_one_in(40)) {
		a->unreadable = true;
		a->data = memory + MEMORY - random_below(a->len < MEMORY ? a->len : MEMORY);
	}
}

/* The errno of a write that fails before it reaches the handler of the sysctl */
static int early_errno(const struct attempt *a)
{
	if (a->off < 0 || (a->len && a->off > LLONG_MAX - (off_t)a->len))
		return EINVAL;
	return a->unreadable ? EFAULT : 0;
}

/* A newline or a NUL ends a string; a write at an offset continues the value. */
static int model_string(const struct attempt *a, char *value)
{
	char new[VALUE_SIZE];
	size_t n = a->off, i;

	if (!a->len || a->off > (off_t)strlen(value))
		return 0;
	memcpy(new, value, n);
	for (i = 0; i < a->len && n < string_size; i++) {
		if (!a->data[i] || a->data[i] == '\n')
			break;
		new[n++] = a->data[i];
	}
	if (n >= string_size)
		return EINVAL;
	new[n] = '\0';
	memcpy(value, new, n + 1);
	return 0;
}

static bool is_blank(unsigned char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') || c == 0xa0;
}

static void skip_blanks(const unsigned char **p, const unsigned char *end)
{
	while (*p < end && is_blank(**p))
		++*p;
}

static unsigned int digit_of(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10U : 99;
}

/* A number as in C, without a sign, followed by white space or the end */
static int parse_number(const unsigned char **p, const unsigned char *end,
			unsigned long long *value)
{
	const unsigned char *s = *p, *stop = s + NUMBER_DIGITS;
	unsigned int base = 10;

	if (stop > end)
		stop = end;
	if (s == stop || !isdigit(*s))
		return EINVAL;
	if (*s == '0') {
		base = 8;
		if (stop - s > 2 && (s[1] | 0x20) == 'x' && digit_of(s[2]) < 16) {
			base = 16;
			s += 2;
		}
	}
	for (*value = 0; s < stop && digit_of(*s) < base; s++) {
		if (__builtin_mul_overflow(*value, base, value) ||
		    __builtin_add_overflow(*value, digit_of(*s), value))
			return EINVAL;
	}
	if (s - *p == NUMBER_DIGITS ||
	    (s < end && *s != ' ' && *s != '\t' && *s != '\n'))
		return EINVAL;
	*p = s;
	return 0;
}

/* The text after the number and a blank is ignored. */
static int model_number(const struct attempt *a, char *value)
{
	size_t len = a->len < NUMBER_TEXT ? a->len : NUMBER_TEXT;
	const unsigned char *p = a->data, *end = p + len;
	unsigned long long n;

	if (!a->len || a->off)
		return 0;
	skip_blanks(&p, end);
	if (parse_number(&p, end, &n) || n < number_min || n > number_max)
		return EINVAL;
	sprintf(value, "%llu", n);
	return 0;
}

/* One or two words. Returns -1 for a write that would clear capabilities. */
static int model_words(const struct attempt *a, char *value)
{
	const unsigned char *p = a->data, *end = p + a->len;
	unsigned long long now[2], n;
	char left[VALUE_SIZE];
	int i;

	if (a->len > NUMBER_TEXT)
		return EINVAL;
	if (!a->len || a->off)
		return 0;
	if (sscanf(value, "%llu %llu", &now[0], &now[1]) != 2)
		return EINVAL;
	skip_blanks(&p, end);
	if (p == end)
		return EINVAL;
	for (i = 0; i < 2 && p < end; i++) {
		if (parse_number(&p, end, &n) || n > UINT_MAX)
			return EINVAL;
		now[i] &= n;
		skip_blanks(&p, end);
	}
	if (p < end)
		return EINVAL;
	sprintf(left, "%llu\t%llu", now[0], now[1]);
	return strcmp(left, value) ? -1 : 0;
}

static void read_value(char *value)
{
	int fd = open(file, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : pread(fd, value, VALUE_SIZE - 1, 0);

	if (n < 1 || value[n - 1] != '\n') {
		printf("%s cannot be read\n", file);
		exit(2);
	}
	value[n - 1] = '\0';
	close(fd);
}

/* Reads a part of the file. Numbers can only be read from offset 0. */
static bool reads_in_part(const char *value, bool is_string)
{
	size_t len = strlen(value) + 1, off = random_below(len + 3);
	size_t want = random_below(300), n;
	char full[VALUE_SIZE + 1], got[300];
	int fd = open(file, O_RDONLY);
	ssize_t found;

	sprintf(full, "%s\n", value);
	found = pread(fd, got, want, off);
	close(fd);
	n = off < len && (is_string || !off) ? len - off : 0;
	if (n > want)
		n = want;
	if (found == (ssize_t)n && !memcmp(got, full + off, n))
		return true;
	printf("read %zu at %zu of '%s': %zd\n", want, off, value, found);
	return false;
}

/* One write of up to three parts. Returns 0, an errno, or -1 for a short write. */
static int attempt_write(int fd, const struct attempt *a)
{
	size_t first = random_below(a->len + 1), second;
	struct iovec parts[3];
	ssize_t n;

	second = first + random_below(a->len - first + 1);
	parts[0] = (struct iovec){ a->data, first };
	parts[1] = (struct iovec){ a->data + first, second - first };
	parts[2] = (struct iovec){ a->data + second, a->len - second };
	if (random_one_in(3))
		n = pwritev(fd, parts, 3, a->off);
	else
		n = pwrite(fd, a->data, a->len, a->off);
	if (n < 0)
		return errno;
	return n == (ssize_t)a->len ? 0 : -1;
}

static void show(unsigned int round, const struct attempt *a)
{
	size_t i;

	printf("%s, round %u: %zu bytes at %lld:", file, round, a->len, (long long)a->off);
	for (i = 0; !a->unreadable && i < a->len && i < 300; i++)
		printf(isgraph(a->data[i]) && a->data[i] != '%' ? "%c" : "%%%02x", a->data[i]);
	printf("\n");
}

static bool agrees(unsigned int round, int fd, const struct attempt *a, char *value,
		   int (*model)(const struct attempt *a, char *value))
{
	char before[VALUE_SIZE], after[VALUE_SIZE];
	int expected = early_errno(a), err;

	memcpy(before, value, sizeof(before));
	if (!expected)
		expected = model(a, value);
	if (expected < 0) {
		skipped++;
		return true;
	}
	err = attempt_write(fd, a);
	read_value(after);
	if (err != expected || strcmp(after, value)) {
		show(round, a);
		printf("errno %d, expected %d; '%s', expected '%s', before '%s'\n",
		       err, expected, after, value, before);
		return false;
	}
	if (err)
		rejected++;
	else if (strcmp(before, after))
		taken++;
	else
		ignored++;
	return !random_one_in(8) || reads_in_part(value, model == model_string);
}

static bool is_refused(unsigned int round, int fd, const struct attempt *a)
{
	int err = attempt_write(3, a), own = EPERM;

	if (fd >= 0)
		own = attempt_write(fd, a);
	if (err == EPERM && own == EPERM) {
		rejected++;
		return true;
	}
	show(round, a);
	printf("errno %d through the open file, %d through our own\n", err, own);
	return false;
}

static bool run(unsigned int rounds, int (*model)(const struct attempt *a, char *value))
{
	int fd = open(file, O_WRONLY);
	char value[VALUE_SIZE];
	struct attempt a;
	unsigned int i;

	if (fd < 0 && (model || errno != EACCES)) {
		printf("open %s: %s\n", file, strerrorname_np(errno));
		return false;
	}
	if (model)
		read_value(value);
	for (i = 0; i < rounds; i++) {
		make_attempt(&a);
		if (model ? !agrees(i, fd, &a, value, model) :
		    a.len && !early_errno(&a) && !is_refused(i, fd, &a))
			return false;
	}
	printf("%s: %u taken, %u rejected, %u without effect, %u not written\n",
	       file, taken, rejected, ignored, skipped);
	return true;
}

int main(int argc, char **argv)
{
	int (*model)(const struct attempt *a, char *value) = NULL;

	if (argc < 5)
		return 2;
	random_state = strtoull(argv[1], NULL, 10);
	file = argv[4];
	if (!strcmp(argv[3], "string") && argc == 6) {
		model = model_string;
		string_size = atol(argv[5]);
	} else if (!strcmp(argv[3], "number") && argc == 7) {
		model = model_number;
		number_min = strtoull(argv[5], NULL, 10);
		number_max = strtoull(argv[6], NULL, 10);
	} else if (!strcmp(argv[3], "words")) {
		model = model_words;
	} else if (strcmp(argv[3], "refused")) {
		return 2;
	}

	memory = mmap(NULL, MEMORY + 4096, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED || mprotect(memory + MEMORY, 4096, PROT_NONE))
		return 3;
	return !run(atoi(argv[2]), model);
}
