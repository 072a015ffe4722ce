// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests modules of generated names.
 *
 *	kmod_fuzz_names SEED ROUNDS fs|pf|type|hash LOG
 *
 *	fs	mounts a file system of that type: fs-NAME
 *	pf	opens a socket of that family: net-pf-NUMBER
 *	type	binds a socket to that type of algorithm: algif-NAME
 *	hash	binds a socket to that hash: crypto-NAME, crypto-NAME-all
 *
 * kernel.modprobe must be a kmod_fake that exits with 1, and LOG must be its log. A name
 * that fits must reach modprobe unchanged and be in the journal as failed. One that is too
 * long must be in the journal as too long, truncated, and must start no modprobe. Prints a summary
 * and exits with 0, or prints the first difference and exits with 1.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <linux/if_alg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kmod_random.h"

#define JOURNAL		"/sys/kernel/debug/kmod/requests"
/* MODULE_NAME_LEN, with the terminating NUL */
#define NAME_LEN	(64 - sizeof(long))
/* More than the number of address families */
#define FAMILIES	64
#define ALG_NAME	100
/* The journal holds 256 requests; each round makes up to three. */
#define BATCH		60
#define MAX_NAMES	256

struct names {
	int count;
	char *name[MAX_NAMES];
};

static const char *log_path;
static long log_pos;
static unsigned long long last_id;
static unsigned int arrived, too_long, nothing;

/* The crypto API also requests its manager. */
static bool is_crypto_manager(const char *name)
{
	return !strcmp(name, "cryptomgr");
}

static void expect(struct names *names, const char *prefix, const char *name,
		   const char *suffix)
{
	if (asprintf(&names->name[names->count++], "%s%s%s", prefix, name, suffix) < 0)
		exit(7);
}

/* Makes a random C string without the bytes of "not". */
static void make_name(char *name, size_t max, const char *not)
{
	static const char odd[] = "%s%n%p\\\"' \t\n\r;|&$`*?[]{}<>!#~^=:,/-_\x7f\xff\x80";
	size_t len = random_one_in(3) ? 40 + random_below(25) : random_below(40);
	size_t i;

	if (random_one_in(10))
		len = random_below(max + 1);
	if (len > max)
		len = max;
	for (i = 0; i < len; i++) {
		do {
			if (random_one_in(3))
				name[i] = odd[random_below(sizeof(odd) - 1)];
			else
				name[i] = random_one_in(2) ? random_next() :
					  'a' + random_below(26);
		} while (!name[i] || strchr(not, name[i]));
	}
	name[len] = '\0';
}

/* The kernel requests the part of the type before a dot. */
static void ask_fs(struct names *expected)
{
	char type[5000];

	make_name(type, 4400, "");
	if (mount("none", "/", type, 0, NULL) == 0)
		exit(3);
	if (strlen(type) >= 4096)
		return;
	type[strcspn(type, ".")] = '\0';
	expect(expected, "fs-", type, "");
}

/* The kernel requests a module for a valid family that it lacks. */
static void ask_pf(struct names *expected)
{
	int family = random_one_in(4) ? (int)random_next() : (int)random_below(FAMILIES);
	char number[16];
	int fd = socket(family, SOCK_STREAM, 0);

	if (fd >= 0) {
		close(fd);
	} else if (errno == EAFNOSUPPORT && family >= 0 && family < AF_MAX) {
		sprintf(number, "%d", family);
		expect(expected, "net-pf-", number, "");
	}
}

static void bind_alg(const char *type, const char *name)
{
	char buffer[sizeof(struct sockaddr_alg) + ALG_NAME] = "";
	struct sockaddr_alg *sa = (void *)buffer;
	int fd = socket(AF_ALG, SOCK_SEQPACKET, 0);

	sa->salg_family = AF_ALG;
	memcpy(sa->salg_type, type, strnlen(type, sizeof(sa->salg_type)));
	memcpy(sa->salg_name, name, strlen(name) + 1);
	if (fd < 0 || !bind(fd, (struct sockaddr *)sa,
			    offsetof(struct sockaddr_alg, salg_name) + strlen(name) + 1))
		exit(4);
	close(fd);
}

static void ask_type(struct names *expected)
{
	char type[15];

	make_name(type, 14, "");
	bind_alg(type, "x");
	type[13] = '\0';
	expect(expected, "algif-", type, "");
}

/* Omits parentheses, as the kernel would request the name inside them. */
static void ask_hash(struct names *expected)
{
	char name[ALG_NAME];

	make_name(name, ALG_NAME - 1, "(),");
	bind_alg("hash", name);
	expect(expected, "crypto-", name, "");
	expect(expected, "crypto-", name, "-all");
}

/* Replaces, in place, mark and two hexadecimal digits by a byte. */
static void unescape(char *text, const char *mark)
{
	size_t skip = strlen(mark);
	char *to = text, hex[3] = "";

	while (*text) {
		if (!strncmp(text, mark, skip)) {
			memcpy(hex, text + skip, 2);
			*to++ = strtoul(hex, NULL, 16);
			text += skip + 2;
		} else {
			*to++ = *text++;
		}
	}
	*to = '\0';
}

/* Finds the names with which modprobe was started since the last call. */
static void read_log(struct names *found)
{
	FILE *log = fopen(log_path, "r");
	char *line = NULL, *name;
	size_t size = 0;

	if (!log || fseek(log, log_pos, SEEK_SET))
		exit(5);
	while (getline(&line, &size, log) > 0) {
		if (strncmp(line, "start ", 6) || found->count == MAX_NAMES)
			continue;
		line[strcspn(line, "\n")] = '\0';
		name = strrchr(line, ' ') + 1;
		unescape(name, "%");
		if (!is_crypto_manager(name))
			expect(found, "", name, "");
	}
	log_pos = ftell(log);
	free(line);
	fclose(log);
}

static void read_journal(struct names *found, bool *is_long)
{
	FILE *journal = fopen(JOURNAL, "r");
	char *line = NULL, *name, *outcome;
	unsigned long long id;
	size_t size = 0;

	if (!journal)
		exit(6);
	while (getline(&line, &size, journal) > 0) {
		if (sscanf(line, "id=%llu", &id) != 1 || id <= last_id)
			continue;
		last_id = id;
		name = strstr(line, "name=");
		outcome = name ? strstr(name, " outcome=") : NULL;
		if (!outcome || found->count == MAX_NAMES)
			continue;
		*outcome = '\0';
		unescape(name, "\\x");
		if (is_crypto_manager(name + 5))
			continue;
		is_long[found->count] = !strncmp(outcome + 1, "outcome=name ", 13);
		expect(found, "", name + 5, "");
	}
	free(line);
	fclose(journal);
}

static void forget(struct names *names)
{
	while (names->count)
		free(names->name[--names->count]);
}

static void show(const char *title, const struct names *names, int i)
{
	const char *c;

	if (i >= names->count) {
		printf("%s: nothing\n", title);
		return;
	}
	printf("%s, %zu bytes:", title, strlen(names->name[i]));
	for (c = names->name[i]; *c && c < names->name[i] + 200; c++)
		printf(isgraph((unsigned char)*c) && *c != '%' ? "%c" : "%%%02x",
		       (unsigned char)*c);
	printf("\n");
}

/* Compares the requests since the last call with the log and the journal. */
static bool agrees(const struct names *expected)
{
	static struct names log, journal;
	bool is_long[MAX_NAMES] = { }, fits, good = true;
	int i, run = 0;

	forget(&log);
	forget(&journal);
	read_log(&log);
	read_journal(&journal, is_long);
	for (i = 0; good && i < expected->count; i++) {
		fits = strlen(expected->name[i]) < NAME_LEN;
		good = i < journal.count && is_long[i] == !fits &&
		       strlen(journal.name[i]) < NAME_LEN &&
		       !strncmp(journal.name[i], expected->name[i], NAME_LEN - 1) &&
		       (!fits || (run < log.count && !strcmp(log.name[run], expected->name[i])));
		run += fits;
	}
	arrived += run;
	too_long += expected->count - run;
	if (good && run == log.count && i == journal.count)
		return true;
	show("expected", expected, i - !good);
	show("in the journal", &journal, i - !good);
	show("run", &log, run);
	if (run && !good)
		show("run before", &log, run - 1);
	return false;
}

int main(int argc, char **argv)
{
	static struct names expected, before;
	void (*ask)(struct names *expected);
	bool is_long[MAX_NAMES];
	int rounds, asked, i;

	if (argc != 5)
		return 2;
	random_state = strtoull(argv[1], NULL, 10);
	rounds = atoi(argv[2]);
	log_path = argv[4];
	ask = !strcmp(argv[3], "fs") ? ask_fs : !strcmp(argv[3], "pf") ? ask_pf :
	      !strcmp(argv[3], "type") ? ask_type : ask_hash;

	read_journal(&before, is_long);
	for (i = 1; i <= rounds; i++) {
		asked = expected.count;
		ask(&expected);
		nothing += expected.count == asked;
		if (i % BATCH && i < rounds)
			continue;
		if (!agrees(&expected)) {
			printf("%s, in the rounds up to %d\n", argv[3], i);
			return 1;
		}
		forget(&expected);
	}
	printf("%s: %u reached modprobe, %u too long, %u not requested\n", argv[3], arrived,
	       too_long, nothing);
	return 0;
}
