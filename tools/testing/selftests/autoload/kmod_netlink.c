// SPDX-License-Identifier: GPL-2.0-only
/*
 * Netlink messages for kmod_trigger, see kmod_netlink.h
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kmod_netlink.h"

#define LINK_NAME	"kmod_trigger"

/* Messages, of which the last one can grow */
struct batch {
	size_t len;
	struct nlmsghdr *last;
	__u32 text[256];
};

static void *add_room(struct batch *b, size_t len)
{
	void *room = (char *)b->text + b->len;

	b->len += NLMSG_ALIGN(len);
	if (b->last)
		b->last->nlmsg_len += NLMSG_ALIGN(len);
	return room;
}

/* Returns the room for the family-specific header of @len bytes. */
static void *add_message(struct batch *b, int type, int flags, size_t len)
{
	struct nlmsghdr *nlh;

	b->last = NULL;
	nlh = add_room(b, NLMSG_HDRLEN);
	nlh->nlmsg_len = NLMSG_HDRLEN;
	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	b->last = nlh;
	return add_room(b, len);
}

static struct nlattr *add_attr(struct batch *b, int type, const void *value, size_t len)
{
	struct nlattr *nla = add_room(b, NLA_HDRLEN + len);

	nla->nla_type = type;
	nla->nla_len = NLA_HDRLEN + len;
	if (len)
		memcpy((char *)nla + NLA_HDRLEN, value, len);
	return nla;
}

static void add_text(struct batch *b, int type, const char *text)
{
	add_attr(b, type, text, strlen(text) + 1);
}

static void add_number(struct batch *b, int type, __u32 number)
{
	number = htonl(number);
	add_attr(b, type, &number, sizeof(number));
}

static struct nlattr *begin_nest(struct batch *b, int type)
{
	return add_attr(b, type | NLA_F_NESTED, NULL, 0);
}

static void end_nest(struct batch *b, struct nlattr *nest)
{
	nest->nla_len = (char *)b->text + b->len - (char *)nest;
}

static void add_nfnl(struct batch *b, int type, int flags, int res_id)
{
	struct nfgenmsg *msg = add_message(b, type, flags, sizeof(*msg));

	msg->nfgen_family = NFPROTO_IPV4;
	msg->version = NFNETLINK_V0;
	msg->res_id = htons(res_id);
}

/* Returns -1 with errno if the answer is an error, and 0 for any other or no answer. */
static int error_of(int fd)
{
	__u32 text[2048];
	const struct nlmsghdr *nlh = (void *)text;
	const struct nlmsgerr *error = NLMSG_DATA(nlh);
	ssize_t len = recv(fd, text, sizeof(text), MSG_DONTWAIT);

	if (len < (ssize_t)NLMSG_LENGTH(sizeof(*error)) || nlh->nlmsg_type != NLMSG_ERROR)
		return 0;
	errno = -error->error;
	return errno ? -1 : 0;
}

/* The kernel processes the messages before sendto() returns. */
static int transact(const struct batch *b, int protocol)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
	int result, err;

	if (fd < 0)
		return -1;
	result = sendto(fd, b->text, b->len, 0, (struct sockaddr *)&kernel,
			sizeof(kernel)) < 0 ? -1 : error_of(fd);
	err = errno;
	close(fd);
	errno = err;
	return result;
}

int netlink_diag(int family, int protocol)
{
	struct inet_diag_req_v2 *req;
	struct batch b = {};

	req = add_message(&b, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, sizeof(*req));
	req->sdiag_family = family;
	req->sdiag_protocol = protocol;
	return transact(&b, NETLINK_SOCK_DIAG);
}

static int remove_link(void)
{
	struct batch b = {};

	add_message(&b, RTM_DELLINK, NLM_F_ACK, sizeof(struct ifinfomsg));
	add_text(&b, IFLA_IFNAME, LINK_NAME);
	return transact(&b, NETLINK_ROUTE);
}

int netlink_link(const char *kind)
{
	struct batch b = {};
	struct nlattr *info;

	add_message(&b, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK,
		    sizeof(struct ifinfomsg));
	add_text(&b, IFLA_IFNAME, LINK_NAME);
	info = begin_nest(&b, IFLA_LINKINFO);
	add_text(&b, IFLA_INFO_KIND, kind);
	end_nest(&b, info);
	return transact(&b, NETLINK_ROUTE) ?: remove_link();
}

int netlink_nfnl(int subsystem)
{
	struct batch b = {};

	add_nfnl(&b, subsystem << 8 | 0xff, NLM_F_ACK, 0);
	return transact(&b, NETLINK_NETFILTER);
}

static void add_chain(struct batch *b, const char *type)
{
	struct nlattr *hook;

	add_nfnl(b, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWCHAIN,
		 NLM_F_CREATE | NLM_F_ACK, 0);
	add_text(b, NFTA_CHAIN_TABLE, LINK_NAME);
	add_text(b, NFTA_CHAIN_NAME, LINK_NAME);
	hook = begin_nest(b, NFTA_CHAIN_HOOK);
	add_number(b, NFTA_HOOK_HOOKNUM, NF_INET_POST_ROUTING);
	add_number(b, NFTA_HOOK_PRIORITY, 100);
	end_nest(b, hook);
	add_text(b, NFTA_CHAIN_TYPE, type);
}

/* The batch has no end: nf_tables undoes it, but the modules stay loaded. */
int netlink_chain(const char *type)
{
	struct batch b = {};

	add_nfnl(&b, NFNL_MSG_BATCH_BEGIN, 0, NFNL_SUBSYS_NFTABLES);
	add_nfnl(&b, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWTABLE, NLM_F_CREATE, 0);
	add_text(&b, NFTA_TABLE_NAME, LINK_NAME);
	add_chain(&b, type);
	return transact(&b, NETLINK_NETFILTER);
}
