// SPDX-License-Identifier: GPL-2.0-only
/*
 * Knocks at the doors through which user space has modules loaded, each with the system
 * call that a program would use. Reads a line per door,
 *
 *	alg TYPE NAME		binds an AF_ALG socket
 *	chain TYPE		has nf_tables look for that type of chain, of IPv4
 *	diag FAMILY PROTOCOL	asks for the sockets of these, as ss(8) does
 *	exec FILE		runs it
 *	ifname NAME		asks for the flags of that interface
 *	ldisc NUMBER		sets a pseudo terminal's line discipline
 *	link KIND		makes an interface of that kind, and removes it
 *	mount TYPE		mounts a file system of that type, of nothing
 *	nfnl SUBSYSTEM		writes to that part of netfilter
 *	open FILE		opens it
 *	socket FAMILY TYPE PROTOCOL
 *	tcp NAME		sets a socket's congestion control
 *
 * and answers OK or the errno's name. It stays the same process: who it is, and in which
 * namespaces, is up to who starts it.
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

struct door {
	const char *kind;
	int (*knock)(char **words);
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

static int knock_socket(char **words)
{
	int fd = socket(number(words[0]), number(words[1]), number(words[2]));

	return done(fd, fd);
}

static int knock_alg(char **words)
{
	return bind_alg(words[0], words[1]);
}

static int knock_open(char **words)
{
	int fd = open(words[0], O_RDWR | O_CLOEXEC);

	return done(fd, fd);
}

/* Comes back, since it is no program. */
static int knock_exec(char **words)
{
	return execl(words[0], words[0], NULL);
}

static int knock_ifname(char **words)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct ifreq ifr = {};

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", words[0]);
	return done(fd, ioctl(fd, SIOCGIFFLAGS, &ifr));
}

static int knock_ldisc(char **words)
{
	int fd = open("/dev/ptmx", O_RDWR | O_NOCTTY);
	int ldisc = number(words[0]);

	return done(fd, ioctl(fd, TIOCSETD, &ldisc));
}

static int knock_mount(char **words)
{
	if (mount("none", "/mnt", words[0], 0, NULL))
		return -1;
	return umount2("/mnt", MNT_DETACH);
}

static int knock_tcp(char **words)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return done(fd, setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, words[0],
				   strlen(words[0])));
}

static int knock_diag(char **words)
{
	return netlink_diag(number(words[0]), number(words[1]));
}

static int knock_link(char **words)
{
	return netlink_link(words[0]);
}

static int knock_nfnl(char **words)
{
	return netlink_nfnl(number(words[0]));
}

static int knock_chain(char **words)
{
	return netlink_chain(words[0]);
}

static const struct door doors[] = {
	{ "alg", knock_alg },
	{ "chain", knock_chain },
	{ "diag", knock_diag },
	{ "exec", knock_exec },
	{ "ifname", knock_ifname },
	{ "ldisc", knock_ldisc },
	{ "link", knock_link },
	{ "mount", knock_mount },
	{ "nfnl", knock_nfnl },
	{ "open", knock_open },
	{ "socket", knock_socket },
	{ "tcp", knock_tcp },
};

static int knock(const char *kind, char **words)
{
	size_t i;

	for (i = 0; i < sizeof(doors) / sizeof(*doors); i++)
		if (kind && words[0] && !strcmp(doors[i].kind, kind))
			return doors[i].knock(words);
	fprintf(stderr, "kmod_trigger: no door %s\n", kind ?: "");
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
		err = knock(words[0], words + 1) < 0 ? errno : 0;
		puts(err ? strerrorname_np(err) : "OK");
	}
	return 0;
}
