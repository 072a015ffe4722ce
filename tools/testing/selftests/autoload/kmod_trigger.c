// SPDX-License-Identifier: GPL-2.0-only
/*
 * Triggers module requests with the system calls that programs use. Reads lines
 *
 *	alg TYPE NAME		binds an AF_ALG socket
 *	chain TYPE		creates an IPv4 chain of that type in nf_tables
 *	diag FAMILY PROTOCOL	lists sockets, as ss(8) does
 *	exec FILE		executes it
 *	ifname NAME		reads the flags of that interface
 *	ldisc NUMBER		sets the line discipline of a pseudo terminal
 *	link KIND		creates and removes an interface of that kind
 *	mount TYPE		mounts and unmounts a file system of that type, without a device
 *	nfnl SUBSYSTEM		sends a message to that subsystem of netfilter
 *	open FILE		opens it
 *	socket FAMILY TYPE PROTOCOL
 *	tcp NAME		sets the congestion control of a socket
 *
 * and prints OK or the name of the errno for each. This process makes all calls, with the
 * credentials and namespaces in which it was started.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kmod_netlink.h"
#include "../kmod/kmod_util.h"

#define WORDS	4

struct trigger {
	const char *kind;
	int (*run)(char **words);
};

static int number(const char *word)
{
	return word ? atoi(word) : 0;
}

static int done(int fd, int result)
{
	int err = errno;

	if (fd >= 0)
		close(fd);
	errno = err;
	return result;
}

static int by_socket(char **words)
{
	int fd = socket(number(words[0]), number(words[1]), number(words[2]));

	return done(fd, fd);
}

static int by_alg(char **words)
{
	return bind_alg(words[0], words[1]);
}

static int by_open(char **words)
{
	int fd = open(words[0], O_RDWR | O_CLOEXEC);

	return done(fd, fd);
}

/* Returns only because the file is not a program. */
static int by_exec(char **words)
{
	return execl(words[0], words[0], NULL);
}

static int by_ifname(char **words)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct ifreq ifr = {};

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", words[0]);
	return done(fd, ioctl(fd, SIOCGIFFLAGS, &ifr));
}

static int by_ldisc(char **words)
{
	int fd = open("/dev/ptmx", O_RDWR | O_NOCTTY);
	int ldisc = number(words[0]);

	return done(fd, ioctl(fd, TIOCSETD, &ldisc));
}

static int by_mount(char **words)
{
	if (mount("none", "/mnt", words[0], 0, NULL))
		return -1;
	return umount2("/mnt", MNT_DETACH);
}

static int by_tcp(char **words)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return done(fd, setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, words[0],
				   strlen(words[0])));
}

static int by_diag(char **words)
{
	return netlink_diag(number(words[0]), number(words[1]));
}

static int by_link(char **words)
{
	return netlink_link(words[0]);
}

static int by_nfnl(char **words)
{
	return netlink_nfnl(number(words[0]));
}

static int by_chain(char **words)
{
	return netlink_chain(words[0]);
}

static const struct trigger triggers[] = {
	{ "alg", by_alg },
	{ "chain", by_chain },
	{ "diag", by_diag },
	{ "exec", by_exec },
	{ "ifname", by_ifname },
	{ "ldisc", by_ldisc },
	{ "link", by_link },
	{ "mount", by_mount },
	{ "nfnl", by_nfnl },
	{ "open", by_open },
	{ "socket", by_socket },
	{ "tcp", by_tcp },
};

static int run_trigger(const char *kind, char **words)
{
	size_t i;

	for (i = 0; i < sizeof(triggers) / sizeof(*triggers); i++)
		if (kind && words[0] && !strcmp(triggers[i].kind, kind))
			return triggers[i].run(words);
	fprintf(stderr, "kmod_trigger: unknown trigger '%s'\n", kind ?: "");
	exit(2);
}

int main(void)
{
	char *words[WORDS + 1] = {}, line[256];
	int i, err;

	setlinebuf(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		words[0] = strtok(line, "\n ");
		for (i = 1; i < WORDS; i++)
			words[i] = words[i - 1] ? strtok(NULL, "\n ") : NULL;
		err = run_trigger(words[0], words + 1) < 0 ? errno : 0;
		puts(err ? strerrorname_np(err) : "OK");
	}
	return 0;
}
