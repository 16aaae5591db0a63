/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Common names of many lands; no person is meant. The Vietnamese ones are decomposed (NFD) on purpose: a
 * screen must count their columns, a search must find them typed composed.
 */
#include "config.h"

#include "demo/generate.h"

static const struct gen_culture cultures[] = {
    {"en", "English", 30,
     "Baker Carter Clarke Evans Hughes Johnson Morgan Murphy O’Brien Smith Taylor Walker",
     "James John Jon William Thomas George Daniel Michael Peter David Samuel Adam",
     "Mary Anna Anne Emma Sarah Sara Olivia Grace Margaret Helen Lucy Alice"},
    {"fr", "French", 9,
     "Lefèvre Dubois Moreau François Gauthier Lemaître Béranger Roche",
     "René François Étienne Jérôme Benoît Loïc Gaël Jean-Noël",
     "Zoé Chloé Hélène Françoise Amélie Noëlle Thérèse Maëlys"},
    {"es", "Spanish", 10,
     "García Muñoz Núñez Ibáñez Peña Rodríguez Sánchez Martínez",
     "José Ángel Andrés Íñigo Joaquín Raúl Óscar Tomás",
     "María Lucía Sofía Inés Begoña Rocío Verónica Mónica"},
    {"de", "German", 9,
     "Müller Schäfer Weiß Jäger Björklund Østergård Åkesson Sørensen",
     "Jürgen Jörg Björn Søren Günter Håkan Lars Ole",
     "Käthe Bärbel Åsa Märta Gudrun Ingrid Jördis Sølvi"},
    {"pl", "Polish", 8,
     "Kowalski/Kowalska Nowak Wiśniewski/Wiśniewska Wójcik Zieliński/Zielińska "
     "Dąbrowski/Dąbrowska Łukasik Dvořák/Dvořáková",
     "Łukasz Paweł Michał Tomáš Jiří Wojciech Stanisław Bogusław",
     "Małgorzata Agnieszka Łucja Božena Stanisława Zofia Růžena Katarzyna"},
    {"ar", "Arabic", 8,
     "الحسن:al-Hassan محمود:Mahmoud العلي:al-Ali حداد:Haddad منصور:Mansour خليل:Khalil "
     "سعيد:Saeed إبراهيم:Ibrahim",
     "محمد:Mohammed أحمد:Ahmed يوسف:Youssef عمر:Omar خالد:Khaled حسين:Hussein علي:Ali "
     "كريم:Karim",
     "فاطمة:Fatima مريم:Maryam عائشة:Aisha ليلى:Layla زينب:Zainab نور:Nour سلمى:Salma "
     "هدى:Huda"},
    {"zh", "Chinese", 8,
     "王:Wang 李:Li 张:Zhang 刘:Liu 陈:Chen 杨:Yang 欧阳:Ouyang 黄:Huang",
     "伟:Wei 强:Qiang 磊:Lei 建国:Jianguo 志强:Zhiqiang 浩然:Haoran 子轩:Zixuan 明:Ming",
     "芳:Fang 娜:Na 秀英:Xiuying 静:Jing 丽:Li 雨桐:Yutong 欣怡:Xinyi 小红:Xiaohong"},
    {"ru", "Russian", 7,
     "Иванов/Иванова:Ivanov/Ivanova Петров/Петрова:Petrov/Petrova "
     "Смирнов/Смирнова:Smirnov/Smirnova Кузнецов/Кузнецова:Kuznetsov/Kuznetsova "
     "Соколов/Соколова:Sokolov/Sokolova Волков/Волкова:Volkov/Volkova Шевченко:Shevchenko "
     "Морозов/Морозова:Morozov/Morozova",
     "Александр:Aleksandr Дмитрий:Dmitri Сергей:Sergei Андрей:Andrei Михаил:Mikhail Иван:Ivan "
     "Юрий:Yuri Павел:Pavel",
     "Анна:Anna Ольга:Olga Наталья:Natalya Мария:Maria Екатерина:Yekaterina Татьяна:Tatyana "
     "Ирина:Irina Светлана:Svetlana"},
    {"hi", "Hindi", 6,
     "शर्मा:Sharma वर्मा:Varma गुप्ता:Gupta सिंह:Singh पटेल:Patel यादव:Yadav जोशी:Joshi "
     "मिश्रा:Mishra",
     "राहुल:Rahul अमित:Amit विजय:Vijay संजय:Sanjay राजेश:Rajesh अर्जुन:Arjun मोहन:Mohan "
     "सुनील:Sunil",
     "प्रिया:Priya सुनीता:Sunita अंजलि:Anjali पूजा:Pooja मीरा:Meera लक्ष्मी:Lakshmi नेहा:Neha "
     "कविता:Kavita"},
    {NULL, "Vietnamese", 5,
     "Nguye\u0302\u0303n Tra\u0302\u0300n Le\u0302 Pha\u0323m Huy\u0300nh Hoa\u0300ng "
     "Vo\u0303 \u0110a\u0323\u0306ng",
     "Minh Hu\u0300ng Du\u0303ng Tua\u0302\u0301n \u0110u\u031b\u0301c Qua\u0302n Phu\u0301c "
     "Ba\u0309o",
     "Hu\u031bo\u031bng Lan Mai Tha\u0309o Ngo\u0323c Ye\u0302\u0301n Thu\u0309y A\u0301nh"},
};

const struct gen_culture *demo_gen_cultures(unsigned *n)
{
    *n = sizeof cultures / sizeof *cultures;
    return cultures;
}

unsigned demo_gen_names(const char *names)
{
    unsigned n = 1;

    while (*names)
        n += *names++ == ' ';
    return n;
}

struct str demo_gen_name(const char *names, unsigned which, bool female, bool latin)
{
    struct str rest = str_of(names), name, form, other;

    while (which--)
        str_split(&rest, ' ');
    name = str_split(&rest, ' ');
    form = str_split(&name, ':');
    if (latin)
        form = name;
    if (!form.n)
        return (struct str){"", 0};
    other = form;
    form = str_split(&other, '/');
    return female && other.p ? other : form;
}
