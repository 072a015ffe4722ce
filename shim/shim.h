/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's interfaces that kernel/kmod uses, in user space. Every <linux/...> header
 * of the sources is this file, see the Makefile.
 *
 * Functions that are only declared here are scheduling points, or emulated in kernel.c.
 * The others are inlined into the sources, so that the sanitizers see their accesses.
 */
#ifndef SHIM_H
#define SHIM_H

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

typedef uint8_t u8;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int64_t s64;
typedef unsigned int gfp_t;

#define GFP_KERNEL		1
#define GFP_ATOMIC		0
#define GFP_NOWAIT		0
#define __GFP_NOWARN		0
#define ERESTARTSYS		512
#define TASK_COMM_LEN		16
#define MODULE_NAME_LEN		56
#define NSEC_PER_SEC		1000000000ULL
#define NSEC_PER_USEC		1000ULL
#define HZ			250
#define NSEC_PER_JIFFY		(NSEC_PER_SEC / HZ)

#define __init
#define __ro_after_init
#define __printf(a, b)
#define __randomize_layout
#define EXPORT_SYMBOL(sym)
#define early_initcall(fn) \
	static void __attribute__((constructor)) fn##_now(void) { fn(); } struct shim_semicolon
#define _RET_IP_		((unsigned long)__builtin_return_address(0))

#define READ_ONCE(x)		__atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, v)	__atomic_store_n(&(x), (v), __ATOMIC_RELAXED)

#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))
#define min(a, b)		((a) < (b) ? (a) : (b))
#define min_t(type, a, b)	min((type)(a), (type)(b))
#define max(a, b)		((a) > (b) ? (a) : (b))
#define clamp_t(type, v, lo, hi) min_t(type, max((type)(v), (type)(lo)), hi)
#define swap(a, b)		do { typeof(a) __old = (a); (a) = (b); (b) = __old; } while (0)
#define DIV_ROUND_UP(n, d)	(((n) + (d) - 1) / (d))
#define div_u64(n, d)		((n) / (d))
#define DIV_U64_ROUND_CLOSEST(n, d)	(((n) + (d) / 2) / (d))

/* Ends the schedule, because a rule is violated. The parent process reports the seed. */
void shim_fail(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));
#define shim_assert(cond, text) \
	do { if (!(cond)) shim_fail("%s: %s", __func__, text); } while (0)
#define IS_ENABLED(option)	1
#define WARN_ON_ONCE(cond)	shim_assert(!(cond), "WARN_ON_ONCE(" #cond ")")

/* Memory. */
void *kzalloc(size_t size, gfp_t gfp);
void kfree(const void *p);
#define kmalloc(size, gfp)		kzalloc(size, gfp)

/* The log */
int shim_printk(const char *fmt, ...);
int scnprintf(char *text, size_t size, const char *fmt, ...);
#define pr_info(fmt, ...)		shim_printk(pr_fmt(fmt), ##__VA_ARGS__)
#define pr_warn(fmt, ...)		shim_printk(pr_fmt(fmt), ##__VA_ARGS__)
#define pr_info_ratelimited		pr_info
#define printk_deferred_enter()		do { } while (0)
#define printk_deferred_exit()		do { } while (0)
#define local_irq_save(flags)		((void)((flags) = 0))
#define local_irq_restore(flags)	((void)(flags))
#define panic				shim_fail
#define pr_warn_ratelimited		pr_warn
#define DEFINE_RATELIMIT_STATE(name, interval, burst)	int name
#define __ratelimit(rs)			((void)(rs), 1)

static inline void strscpy(char *to, const char *from, size_t size)
{
	size_t len = strnlen(from, size - 1);

	memcpy(to, from, len);
	to[len] = 0;
}

#define ESCAPE_HEX	0
#define ESCAPE_NAP	0
#define ESCAPE_APPEND	0

/* The shim's names need no escapes. */
static inline int string_escape_mem(const char *src, size_t len, char *to, size_t size,
				    unsigned int flags, const char *only)
{
	memcpy(to, src, min(len, size));
	return len;
}

#define get_random_long()	1UL
#define __is_kernel_text(addr)	((void)(addr), 1)

/* Time, which passes only when no task is runnable. */
u64 ktime_get_boottime_ns(void);
#define SHIM_JIFFIES		4294892296ULL
#define get_jiffies_64()	(SHIM_JIFFIES + ktime_get_boottime_ns() / NSEC_PER_JIFFY)
#define jiffies			((unsigned long)get_jiffies_64())
#define time_before(a, b)	((long)((a) - (b)) < 0)
#define time_after(a, b)	time_before(b, a)
#define time_after_eq(a, b)	(!time_before(a, b))
#define time_after_eq64(a, b)	((s64)((a) - (b)) >= 0)

/* References. */
typedef struct { int n; } refcount_t;
struct kref { refcount_t n; };

#define refcount_set(r, i)	((r)->n = (i))
void refcount_inc(refcount_t *r);
bool refcount_dec_and_test(refcount_t *r);

#define kref_init(k)	refcount_set(&(k)->n, 1)
#define kref_get(k)	refcount_inc(&(k)->n)

static inline void kref_put(struct kref *k, void (*release)(struct kref *))
{
	if (refcount_dec_and_test(&k->n))
		release(k);
}

typedef struct { u64 n; } atomic64_t;
#define atomic64_read(a)	__atomic_load_n(&(a)->n, __ATOMIC_RELAXED)
#define atomic64_inc_return(a)	__atomic_add_fetch(&(a)->n, 1, __ATOMIC_SEQ_CST)

/* Lists. */
struct list_head { struct list_head *next, *prev; };

#define LIST_HEAD_INIT(l)	{ &(l), &(l) }
#define LIST_HEAD(l)		struct list_head l = LIST_HEAD_INIT(l)

static inline void INIT_LIST_HEAD(struct list_head *l)
{
	l->next = l;
	l->prev = l;
}

static inline void list_link(struct list_head *a, struct list_head *b)
{
	a->next = b;
	b->prev = a;
}

static inline bool list_empty(const struct list_head *l)
{
	return l->next == l;
}

static inline void list_add(struct list_head *new, struct list_head *after)
{
	list_link(new, after->next);
	list_link(after, new);
}

static inline void list_add_tail(struct list_head *new, struct list_head *l)
{
	list_add(new, l->prev);
}

static inline void list_del(struct list_head *e)
{
	list_link(e->prev, e->next);
	e->next = NULL;
	e->prev = NULL;
}

static inline void list_del_init(struct list_head *e)
{
	list_link(e->prev, e->next);
	INIT_LIST_HEAD(e);
}

static inline void list_splice_tail_init(struct list_head *from, struct list_head *to)
{
	struct list_head *first = from->next, *last = from->prev;

	if (list_empty(from))
		return;
	list_link(to->prev, first);
	list_link(last, to);
	INIT_LIST_HEAD(from);
}

static inline void list_splice_init(struct list_head *from, struct list_head *to)
{
	list_splice_tail_init(from, to->next);
}

static inline size_t list_count_nodes(const struct list_head *l)
{
	const struct list_head *e;
	size_t n = 0;

	for (e = l->next; e != l; e = e->next)
		n++;
	return n;
}

#define list_entry			container_of
#define list_first_entry(l, type, m)	list_entry((l)->next, type, m)
#define list_last_entry(l, type, m)	list_entry((l)->prev, type, m)
#define list_first_entry_or_null(l, type, m) \
	(list_empty(l) ? NULL : list_first_entry(l, type, m))
#define __list_walk(e, l, m, dir) \
	for (e = list_entry((l)->dir, typeof(*e), m); &e->m != (l); \
	     e = list_entry(e->m.dir, typeof(*e), m))
#define list_for_each_entry_from(e, l, m) \
	for (; &e->m != (l); e = list_entry(e->m.next, typeof(*e), m))
#define list_for_each_entry(e, l, m)		__list_walk(e, l, m, next)
#define list_for_each_entry_continue(e, l, m) \
	for (e = list_entry(e->m.next, typeof(*e), m); &e->m != (l); \
	     e = list_entry(e->m.next, typeof(*e), m))

/* Hash tables: arrays of lists. An entry may be in no list. */
struct hlist_node { struct list_head l; };

#define DEFINE_HASHTABLE(table, bits)	struct list_head table[1 << (bits)]
#define INIT_HLIST_NODE(n)		INIT_LIST_HEAD(&(n)->l)
#define hash_del(n)			list_del_init(&(n)->l)

static inline struct list_head *hash_bucket(struct list_head *table, size_t n, u32 key)
{
	struct list_head *bucket = &table[key * 2654435761u % n];

	if (!bucket->next)
		INIT_LIST_HEAD(bucket);
	return bucket;
}

static inline bool hash_is_empty(const struct list_head *table, size_t n)
{
	while (n--)
		if (table[n].next && !list_empty(&table[n]))
			return false;
	return true;
}

#define ARRAY_SIZE(a)			(sizeof(a) / sizeof((a)[0]))
#define hash_empty(table)		hash_is_empty(table, ARRAY_SIZE(table))
#define hash_add(table, n, key) \
	list_add(&(n)->l, hash_bucket(table, ARRAY_SIZE(table), key))
#define hash_for_each_possible(table, e, m, key) \
	list_for_each_entry(e, hash_bucket(table, ARRAY_SIZE(table), key), m.l)

#define hashlen_hash(hashlen) ((u32)(hashlen))

static inline u64 hashlen_string(const void *salt, const char *name)
{
	u32 hash = strlen(name);

	while (*name)
		hash = hash * 31 + (u8)*name++;
	return hash % 5;	/* so that names collide */
}

/*
 * Red-black trees: sorted lists, which suffice for few entries. A list is a tree without
 * left children. A node that is in no tree is its own left child.
 */
struct rb_node { struct rb_node *rb_left, *rb_right; };
struct rb_root { struct rb_node *rb_node; };
struct rb_root_cached { struct rb_root rb_root; };

#define RB_ROOT				((struct rb_root){ })
#define RB_EMPTY_ROOT(root)		(!(root)->rb_node)
#define RB_EMPTY_NODE(n)		((n)->rb_left == (n))
#define RB_CLEAR_NODE(n)		((n)->rb_left = (n))
#define rb_entry			container_of
#define rb_entry_safe(n, type, m)	((n) ? rb_entry(n, type, m) : NULL)
#define rb_next(n)			((n)->rb_right)
#define rb_first_cached(root)		((root)->rb_root.rb_node)
#define rb_add_cached(n, root, less)	rb_add(n, &(root)->rb_root, less)
#define rb_erase_cached(n, root)	rb_erase(n, &(root)->rb_root)

static inline void rb_add(struct rb_node *new, struct rb_root *root,
			  bool (*less)(struct rb_node *, const struct rb_node *))
{
	struct rb_node **at = &root->rb_node;

	while (*at && !less(new, *at))
		at = &(*at)->rb_right;
	new->rb_left = NULL;
	new->rb_right = *at;
	*at = new;
}

static inline void rb_erase(struct rb_node *n, struct rb_root *root)
{
	struct rb_node **at = &root->rb_node;

	while (*at != n) {
		shim_assert(*at, "the node is not in the tree");
		at = &(*at)->rb_right;
	}
	*at = n->rb_right;
}

/* Tasks. */
#define PF_KTHREAD		1
#define CAP_SYS_MODULE		16

struct signal_struct { bool is_child_subreaper; };

struct task_struct {
	pid_t pid;
	uid_t uid;
	unsigned int flags;
	bool killed;
	char comm[TASK_COMM_LEN];
	struct nsproxy *nsproxy;
	struct user_namespace *userns;	/* NULL: the initial one */
	struct signal_struct *signal;
	struct shim_process *process;	/* the helper inside which it runs, or NULL */
	struct signal_struct own_signal;
};

extern struct task_struct *shim_current;
extern int max_threads;

#define current				shim_current
#define task_pid_nr(t)			((t)->pid)
#define current_uid()			(current->uid)
#define from_kuid(ns, uid)		(uid)
#define kuid_t				uid_t
#define GLOBAL_ROOT_UID			0
#define uid_eq(a, b)			((a) == (b))
#define make_kuid(ns, id)		((ns)->root + (id))
#define audit_get_loginuid(t)		((t)->uid)
#define CAP_OPT_NOAUDIT			2
#define current_cred()			current
#define security_capable(cred, ns, cap, opts)	((cred)->uid ? -EPERM : 0)
#define current_is_async()		false

struct ns_common { unsigned int inum; };
struct user_namespace {
	struct ns_common ns;
	unsigned int level;
	struct user_namespace *parent;
	uid_t owner, root;
};

struct pid_namespace { struct ns_common ns; };
struct nsproxy { struct ns_common *mnt_ns; };
extern struct user_namespace init_user_ns;
#define current_user_ns()		(current->userns ?: &init_user_ns)
#define task_active_pid_ns(t)		((struct pid_namespace *)NULL)
#define from_mnt_ns(ns)			(ns)

/* No task has an executable: KUnit tests the paths. */
#define IS_ERR(p)			false
#define IS_ERR_OR_NULL(p)		(!(p))
#define get_task_exe_file(t)		((struct file *)NULL)
#define file_path(file, buffer, size)	((char *)NULL)
#define fput(file)			((void)(file))

int security_kernel_module_request(const char *name);

/* Locks. */
struct fiber;
typedef struct { struct fiber *owner; const char *name; } spinlock_t;

#define DEFINE_SPINLOCK(l)	spinlock_t l = { .name = #l }
void shim_lock(spinlock_t *l, bool irq);
void shim_unlock(spinlock_t *l, bool irq);
bool shim_lock_irqsave(spinlock_t *l);
bool shim_holds(const spinlock_t *l);
#define spin_lock(l)			shim_lock(l, false)
#define spin_unlock(l)			shim_unlock(l, false)
#define spin_lock_irq(l)		shim_lock(l, true)
#define spin_unlock_irq(l)		shim_unlock(l, true)
#define spin_lock_irqsave(l, flags)	((flags) = shim_lock_irqsave(l))
#define spin_unlock_irqrestore(l, flags) shim_unlock(l, !(flags))
#define lockdep_assert_held(l)		shim_assert(shim_holds(l), "lock not held")

/* Completions with one waiter. */
struct completion { unsigned int done; struct fiber *waiter; };
void init_completion(struct completion *c);
void complete(struct completion *c);
int wait_for_completion_killable(struct completion *c);

/* Timers, and work, each in a kworker of its own. */
struct shim_timer {
	struct list_head node;
	u64 expires;		/* in ns */
	void (*fn)(struct shim_timer *t);
};

#define timer_list shim_timer
#define timer_setup(t, f, flags)	((t)->fn = (f))
int timer_reduce(struct timer_list *t, unsigned long expires);
int timer_delete(struct timer_list *t);

struct work_struct { void (*func)(struct work_struct *w); bool pending; };
struct delayed_work { struct work_struct work; struct shim_timer timer; };
struct workqueue_struct;
struct wait_queue_entry { int unused; };

void shim_delayed_work_timer(struct shim_timer *t);
/* All work runs on one queue without a limit. */
#define WQ_UNBOUND		0
#define WQ_MEM_RECLAIM		0
#define alloc_workqueue(...)	((struct workqueue_struct *)1)
#define INIT_WORK(w, f)		(*(w) = (struct work_struct){ .func = (f) })
#define DECLARE_WORK(w, f)	struct work_struct w = { .func = (f) }
#define DECLARE_DELAYED_WORK(d, f) struct delayed_work d = __DELAYED_WORK(f)
#define __DELAYED_WORK(f)	{ { .func = (f) }, { .fn = shim_delayed_work_timer } }
#define schedule_delayed_work(d, delay)	queue_delayed_work(NULL, d, delay)
bool queue_work(struct workqueue_struct *wq, struct work_struct *w);
bool queue_delayed_work(struct workqueue_struct *wq, struct delayed_work *d,
			unsigned long delay);

/* Sysctls: written by the shim itself. */
struct ctl_table {
	const char *procname;
	void *data;
	int maxlen;
	int mode;
	int (*proc_handler)(const struct ctl_table *t, int write, void *buffer,
			    size_t *lenp, loff_t *ppos);
	void *extra1;
	void *extra2;
};

#define SYSCTL_ZERO			NULL
#define SYSCTL_ONE			NULL
#define register_sysctl_init(dir, t)	((void)(t))
int proc_douintvec_minmax(const struct ctl_table *t, int write, void *buffer,
			  size_t *lenp, loff_t *ppos);

/* Modules. */
enum module_state { MODULE_STATE_LIVE, MODULE_STATE_COMING, MODULE_STATE_GOING };
struct module { char name[MODULE_NAME_LEN]; int refs; };

static inline int module_refcount(struct module *mod)
{
	return mod->refs;
}

struct notifier_block {
	int (*notifier_call)(struct notifier_block *nb, unsigned long state, void *data);
};

#define NOTIFY_OK			1
extern struct notifier_block *shim_module_nb;
#define register_module_notifier(nb)	(shim_module_nb = (nb), 0)

/* Tracepoints. */
struct kmod_record;
void shim_request_done(const struct kmod_record *rec);
#define trace_kmod_done(rec)		shim_request_done(rec)
#define trace_kmod_deny(rec)		((void)(rec))
#define trace_kmod_join(rec)		((void)(rec))
#define trace_kmod_request(rec)		((void)(rec))
#define trace_kmod_load(rec, module)	((void)(rec))
#define trace_kmod_refuse(rec, module)	((void)(rec))
#define trace_module_request(...)	((void)0)

#endif
