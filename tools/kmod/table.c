// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tables.
 */
#include <libsmartcols.h>
#include <stdint.h>
#include <string.h>

#include "kmodctl.h"

#define GAP		"  "

/* Optional columns are hidden rather than cells cut to less than this width. */
#define ROOMY		24

/*
 * Cells of columns with CUT_LESS keep CUT_LESS_WIDTH, which "failed, signal 9" and
 * "mount[4321] uid 0" need, unless others would be cut to less than READABLE.
 */
#define CUT_LESS_WIDTH	17
#define READABLE	10

/* Replaces the end of a cell that was cut. */
#define CUT_MARK	'+'

static void check(bool good)
{
	if (good)
		return;
	complain("out of memory");
	exit(EXIT_FAILURE);
}

/*
 * Cells are escaped already: the library must not encode them. It must not cut them either:
 * it would take the space of columns with short cells, and a pager is no terminal.
 */
void table_init(struct table *table, const struct column *columns, size_t width)
{
	struct libscols_column *column;
	size_t i;

	*table = (struct table){
		.table = scols_new_table(), .columns = columns, .width = width,
	};
	check(table->table && !scols_table_set_column_separator(table->table, GAP));
	scols_table_enable_noencoding(table->table, 1);
	scols_table_enable_minout(table->table, 1);
	scols_table_set_termforce(table->table, SCOLS_TERMFORCE_NEVER);
	scols_table_enable_colors(table->table, use_colour());
	for (i = 0; i < width; i++) {
		column = scols_table_new_column(table->table, columns[i].title, 0,
						columns[i].flags & SCOLS_FL_RIGHT);
		table->longest[i] = strlen(columns[i].title);
		check(column && !scols_cell_set_color(scols_column_get_header(column), BOLD));
	}
}

static void hide(struct table *table, size_t i)
{
	struct libscols_column *column = scols_table_get_column(table->table, i);

	table->hidden[i] = true;
	scols_column_set_flags(column, scols_column_get_flags(column) | SCOLS_FL_HIDDEN);
}

/* Prepares a printed table for more rows, without titles. */
void table_continue(struct table *table)
{
	struct table printed = *table;
	size_t i;

	table_init(table, printed.columns, printed.width);
	memcpy(table->longest, printed.longest, sizeof(printed.longest));
	memcpy(table->hidden, printed.hidden, sizeof(printed.hidden));
	table->follow = true;
	table->wide = printed.wide;
	table->no_trunc = printed.no_trunc;
	scols_table_enable_noheadings(table->table, 1);
	for (i = 0; i < table->width; i++)
		if (table->hidden[i])
			hide(table, i);
}

/* Adds the next cell. The table frees its text. @colour may be NULL. */
void table_add_coloured(struct table *table, char *text, const char *colour)
{
	size_t length = strlen(text);

	if (length > table->longest[table->next])
		table->longest[table->next] = length;
	table->used[table->next] |= strcmp(text, "-") != 0;
	if (!table->next)
		table->line = scols_table_new_line(table->table, NULL);
	check(table->line && !scols_line_refer_data(table->line, table->next, text));
	check(!scols_cell_set_color(scols_line_get_cell(table->line, table->next), colour));
	table->next = (table->next + 1) % table->width;
}

void table_add(struct table *table, char *text)
{
	table_add_coloured(table, text, NULL);
}

/* The library prints nothing if there is no line. */
static void print_titles(const struct table *table)
{
	struct libscols_column *column;
	size_t i;

	for (i = 0; i < table->width; i++) {
		if (table->hidden[i])
			continue;
		column = scols_table_get_column(table->table, i);
		printf("%s", i ? GAP : "");
		print_coloured(BOLD, "%s", scols_column_get_name(column));
	}
	putchar('\n');
}

/* Returns the width of a column if cells are cut to @most characters. */
static size_t width_of(const struct table *table, size_t i, size_t most)
{
	size_t title = strlen(table->columns[i].title), longest = table->longest[i];
	int flags = table->columns[i].flags;

	if ((flags & CUT_LESS) && most >= READABLE && most < CUT_LESS_WIDTH)
		most = CUT_LESS_WIDTH;
	if (!(flags & SCOLS_FL_TRUNC) || longest <= most)
		return longest;
	return title > most ? title : most;
}

static bool fits(const struct table *table, size_t most)
{
	size_t total = 0, i;

	for (i = 0; i < table->width; i++)
		if (!table->hidden[i])
			total += width_of(table, i, most) + (total ? strlen(GAP) : 0);
	return total <= terminal_width();
}

static void hide_unused(struct table *table)
{
	size_t i;

	for (i = 0; i < table->width; i++)
		if ((table->columns[i].flags & IF_USED) && !table->used[i])
			hide(table, i);
}

static void cut_cell(struct libscols_cell *cell, size_t width)
{
	const char *whole = scols_cell_get_data(cell);

	if (strlen(whole) > width)
		check(!scols_cell_refer_data(cell, text("%.*s%c", (int)width - 1, whole,
							CUT_MARK)));
}

static void cut(struct table *table, size_t most)
{
	size_t lines = scols_table_get_nlines(table->table), width, i, n;

	for (i = 0; i < table->width; i++) {
		width = width_of(table, i, most);
		for (n = 0; n < lines && width < table->longest[i]; n++)
			cut_cell(scols_line_get_cell(scols_table_get_line(table->table, n), i),
				 width);
	}
}

/*
 * Hides optional columns from the right if other columns would be cut too much, and then, if the
 * line would still be too long, other columns. Then cuts the longest cells.
 */
static size_t shrink(struct table *table)
{
	size_t most = table->no_trunc ? SIZE_MAX : ROOMY, i;
	/* Columns whose titles are printed must stay. */
	bool titles = !scols_table_is_noheadings(table->table);

	for (i = table->width; titles && i-- > 1 && !fits(table, most);)
		if ((table->columns[i].flags & OPTIONAL) && !table->hidden[i])
			hide(table, i);
	if (table->no_trunc)
		return most;
	for (i = table->width; titles && i-- > 1 && !fits(table, 0);)
		if (!table->hidden[i])
			hide(table, i);
	for (most = terminal_width(); most && !fits(table, most);)
		most--;
	cut(table, most);
	return most;
}

/* Keeps the widths of a table that is continued. */
static void widen(struct table *table, size_t most)
{
	size_t i;

	for (i = 0; i < table->width; i++)
		scols_column_set_whint(scols_table_get_column(table->table, i),
				       (double)width_of(table, i, most));
}

/* Prints and frees the table. */
void table_print(struct table *table)
{
	size_t most = SIZE_MAX;

	if (!table->wide && !table->follow)
		hide_unused(table);
	if (!table->wide && on_terminal())
		most = shrink(table);
	if (table->follow)
		widen(table, most);
	if (!table->line && !scols_table_is_noheadings(table->table))
		print_titles(table);
	check(!scols_print_table(table->table));
	scols_unref_table(table->table);
}
