"""The heading vocabulary: words and phrases by meaning, and the distributors that headings name.

Gathered from the reference bills (``shared/research/standards.md``, section 1) and from what the programs
print in other languages. Phrases are separated by semicolons and stand in the folded form of
``words.fold``; a key with several meanings, likeliest first, is settled by the contents of the column.
"""

from __future__ import annotations

HEADINGS: dict[str, str] = {
    "references": (
        "reference;references;identifier;identifiers;ref;refs;ref des;refdes;ref desig;reference designator;"
        "reference designators;reference designation;ref designator;ref designators;"
        "designator;designators;schematic reference;schematic references;schematic ref;ref s;"
        "reference s;designator s;reference designator s;part reference;part references;"
        "component reference;component references;component designator;circuit reference;"
        "circuit ref;cct ref;board reference;pcb ref;ref no;ref id;ref designation;refdeses;"
        "reference id;reference list;designator list;designators list;referenz;referenzen;"
        "bezeichner;bauteilbezeichner;riferimento;riferimenti;repère;repères;repere;reperes;"
        "designador;designadores;referencias;位号;标号;元件位号;位置号;"
        "リファレンス;部品記号;"
        "номер на схеме;позиционное обозначение;обозначение;pos nr schaltplan;oznaczenie;"
        "oznaczenia;designation reference;parts list refs;reference name"
    ),
    "references|part_number|value": ("part;parts;référence;referencia;referência;bauteile"),
    "references|description": (
        "component;components;component s;bauteil;composant;composants;componente;componenti;"
        "componentes;component name;symbol;instances"
    ),
    "references|house_number": ("customer reference;customer ref;customer references"),
    "references|notes": (
        "location;locations;place on board;annotation;reference location;board location;positions"
    ),
    "references|item": ("position;id ref;label"),
    "quantity": (
        "quantity;qty;qnty;quant;qtty;qte;quantity per pcb;qty per pcb;qty per board;"
        "quantity per board;qty pcb;qty board;qty bd;qty per unit;quantity per unit;qty unit;"
        "qty per assembly;qty used;qty required;quantity required;required qty;"
        "required quantity;pieces;pcs;pieces per board;pcs per board;count;component count;"
        "amount;no of parts;number of parts;number required;nos;unit qty;per board;per pcb;"
        "usage;usage qty;bom qty;bom quantity;qty 1;quantity 1;menge;anzahl;stück;stückzahl;"
        "stk;quantité;quantite;qté;nombre;nb;quantità;quantita;qta;q tà;cantidad;cant;"
        "quantidade;qtd;aantal;antal;ilość;ilosc;количество;кол во;数量;用量;個数;员数;total qty;"
        "total quantity;qty total;quantity total;build quantity;order qty;qty to order;"
        "qty needed;needed;q ty;qtys;qty s;qty each;quantities;quan;qty 1 pcb;qty 1 board;"
        "qty 1 unit;quantity pcb"
    ),
    "value": (
        "value;val;values;part value;component value;nominal;nominal value;wert;valeur;"
        "valore;valor;waarde;värde;wartość;значение;номинал;值;参数;阻值;値;定数;value 1;rating;"
        "nennwert"
    ),
    "value|notes": ("comment;comments;kommentar;commentaire;commento;comentario"),
    "value|description": (
        "name;plain name;designation;title;part type;device name;item name;名称;品名;bezeichnung;"
        "désignation;designazione;denominazione;naam;nazwa;наименование;device;"
        "part description value;cmp name;libpart;lib part;component type;product name;"
        "product"
    ),
    "description": (
        "description;desc;descr;descriptions;part description;component description;"
        "item description;product description;details;detail;specification;specifications;"
        "spec;specs;description value;beschreibung;artikelbeschreibung;descrizione;"
        "descripción;descripcion;descrição;beskrivning;omschrijving;opis;описание;描述;规格;规格描述;"
        "仕様;説明;full description;long description;short description;description 1;item desc;"
        "technical description;parameters;mpn description;generic description;"
        "mfr description"
    ),
    "package": (
        "footprint;footprints;package;packages;package footprint;footprint package;pkg;"
        "pkg type;package type;case;case package;case size;package case;package size;"
        "pcb footprint;pattern;land pattern;housing;form factor;gehäuse;gehaeuse;bauform;"
        "boîtier;boitier;empreinte;contenitore;encapsulado;huella;obudowa;корпус;封装;パッケージ;"
        "footprint name;pcb decal;decal;cell name;size;footprint size;geometry;jedec type;"
        "jedec"
    ),
    "manufacturer": (
        "manufacturer;manufacturers;manufacturer name;manf;mf;mfr;mfg;mfgr;mfr name;mfg name;"
        "mnfr;maker;brand;make;manuf;manuf name;manufacture;manufactured by;producer;"
        "component manufacturer;part manufacturer;hersteller;herstellername;fabricant;"
        "fabbricante;produttore;costruttore;fabricante;marca;tillverkare;fabrikant;producent;"
        "производитель;制造商;厂商;厂家;品牌;生产厂家;メーカー;製造元;mfg name 1;oem;mfr 1;"
        "preferred manufacturer;primary manufacturer;vendor name manufacturer"
    ),
    "part_number": (
        "mpn;mpns;mfpn;mfrpn;mfgpn;manufacturer part number;manufacturer part numbers;"
        "manufacturer part no;manufacturer part;manufacturer p n;manufacturer pn;"
        "manufacturer number;manufacturer no;manufacturer nr;manufacturer part name;"
        "manufacturer part id;manufacturers part number;manufacturer s part number;"
        "manufacturer part num;manufacturer partnumber;manufacturer code;manufacturer ref;"
        "manufacturer reference;mfg part;mfg part number;mfg part no;mfg part num;mfg p n;"
        "mfg pn;mfg no;mfg num;mfg number;mfr part;mfr part number;mfr part no;mfr part num;"
        "mfr p n;mfr pn;mfr no;mfr number;mfr num;mfgr part number;mfgr part;mfgr p n;"
        "mfg partnumber;mfr partnumber;manf part;manf part number;manf pn;manf p n;manf no;"
        "manuf part number;manuf part;manuf p n;manuf pn;manuf partnumber;manuf no;"
        "maker part number;maker pn;maker part;mfr ref;component part number;mpn 1;"
        "primary mpn;preferred mpn;mp;man part number;man part no;man pn;man p n;manpartno;"
        "herstellernummer;herstellerteilenummer;hersteller teilenummer;hersteller nr;"
        "hersteller artikelnummer;hersteller artikelnr;hersteller typ;référence fabricant;"
        "reference fabricant;ref fabricant;réf fabricant;codice produttore;"
        "codice costruttore;part number produttore;referencia fabricante;número de parte;"
        "numero de parte;n de parte;制造商型号;制造商料号;厂家型号;厂商型号;型号;"
        "原厂型号;制造商编号;メーカー型番;"
        "型番;メーカー品番;品番;"
        "ordering code;orderable part number;mfg ordering code;mfg order code;"
        "manufacturer order code;exact part"
    ),
    "part_number|house_number": (
        "part number;part numbers;partnumber;part no;part num;part nr;part;p n;pn;partno;"
        "part number type;part id;part name;teilenummer;artikel;codice;codice articolo;"
        "código;codigo;part number 1;comp pn;component pn;part code;article;item number"
    ),
    "part_number|ignored": ("type;typ;type number;model;model number;model no;modell;modelo;modèle"),
    "library": (
        "libref;lib ref;library ref;library reference;design item id;designitemid;lib name;library link"
    ),
    "supplier": (
        "supplier;suppliers;supplier name;distributor;distributors;distributor name;distrib;"
        "vendor;vendors;vendor name;source;sources;lieferant;distri;fournisseur;fornitore;"
        "distributore;proveedor;distribuidor;fornecedor;leverancier;leverantör;dostawca;"
        "поставщик;供应商;供應商;仕入先;shop;store;seller;sourced from;purchase from;where to buy;"
        "sourcing"
    ),
    "supplier_part_number": (
        "supplier part;supplier part number;supplier part no;supplier part num;supplier p n;"
        "supplier pn;supplier partnumber;supplier no;supplier number;supplier ref;"
        "supplier reference;supplier and ref;supplier code;supplier sku;"
        "supplier order number;distributor part;distributor part number;distributor part no;"
        "distributor pn;distributor p n;distributor sku;distributor code;distributor number;"
        "distributor ref;distributor order number;distributor order code;vendor part;"
        "vendor part number;vendor part no;vendor pn;vendor p n;vendor no;vendor sku;"
        "vendor number;vendor code;vendor ref;sku;skus;order code;order codes;order number;"
        "order no;ordernumber;order nr;ordernr;order num;stock code;stock number;stock no;"
        "catalog number;catalogue number;catalog no;catalog;catalogue no;purchase code;"
        "bestellnummer;bestellnr;best nr;bestell nr;artikelnummer;artikelnr;artikel nr;"
        "art nr;référence fournisseur;reference fournisseur;ref fournisseur;réf fournisseur;"
        "code commande;codice fornitore;codice distributore;codice ordine;"
        "referencia proveedor;供应商编号;供应商料号;供应商型号;商品编号;立创编号;立创商品编号;购买编号;"
        "distributor s part number;supplier s part number;order ref;ordering number;"
        "supplier item;supplier article number;distri part"
    ),
    "house_number": (
        "internal part number;internal pn;internal p n;internal part no;internal number;"
        "internal ref;house part number;house number;house pn;company part number;company pn;"
        "cpn;customer part number;customer pn;ipn;erp number;erp;erp code;erp no;sap;"
        "sap number;sap no;sap nr;material number;material no;our part number;"
        "inventory number;inventory id;stock id;item code;item no code;part master;"
        "interne nummer;code interne;codice interno;codigo interno;物料编码;料号;物料编号;物料号;内部料号;"
        "database;internal id;internal code;bom id;oem part number"
    ),
    "not_fitted": (
        "dnp;dnf;dni;dnm;dns;nm;no mount;not mounted;do not populate;do not place;"
        "do not mount;do not fit;do not install;do not assemble;do not stuff;not fitted;"
        "not populated;not placed;not installed;no fit;nofit;no pop;nopop;no stuff;nostuff;"
        "unpopulated;unfitted;exclude from bom;excluded from bom;dnp dnf;dni dnp;dnp dni;"
        "nicht bestücken;nicht bestueckt;nicht bestückt;non monté;ne pas monter;non montare;"
        "no montar;不贴;nm dnp;no load"
    ),
    "fitted": (
        "place;placed;place yes no;fit;fitted;fit yes no;fitted yes no;mount;mounted;"
        "mount yes no;populate;populated;population;populate yes no;assemble;assembled;"
        "assembly;assembly yes no;stuff;stuffed;stuffing;install;installed;load;loaded;"
        "fit nofit;fit no fit;fit not fit;fitted not fitted;bestücken;bestückt;bestückung;"
        "montage;monté;montato;montar;is fitted;to be fitted;to be mounted;to be placed;"
        "mount no mount;assembly status;fit status;fitting;variant;mounting status;"
        "placement status;config;populate dnp;populated dnp;是否贴装;贴装;mt;smt assembly"
    ),
    "notes": (
        "notes;note;remark;remarks;bemerkung;bemerkungen;anmerkung;anmerkungen;hinweis;"
        "remarque;remarques;osservazioni;observaciones;opmerking;uwagi;примечание;备注;注释;备考;"
        "備考;your instructions notes;instructions;assembly info;assembly note;assembly notes;"
        "assembly instructions;info;additional info;additional information;status;"
        "mounting info;special instructions;design notes;usage notes;bom notes;bom comment;"
        "bom note"
    ),
    "item": (
        "item;item no;item nr;item num;items;id;no;nr;num;number;pos;pos nr;position nr;row;"
        "line;line no;line number;index;idx;sl no;s no;sr no;si no;sno;serial no;sl;sr;"
        "lfd nr;lfdnr;lfd;n;n°;numero;posizione;序号;编号;编 号;項番;项目;row number;seq;sequence;"
        "component no;entry;nº;find no;find number;bom line;part index;group id"
    ),
    "alternate": (
        "alternate;alternates;alternative;alternatives;alternate part;alternate part number;"
        "alternate mpn;alternative part;alternative part number;alternative mpn;"
        "alternative parts;alt mpn;alt part;alt part number;alt pn;alt;2nd source;"
        "second source;2nd source mpn;second source mpn;substitute;substitutes;replacement;"
        "equivalent;equivalents;替代料;替代型号;替代;alternativa;alternatif;alternativen;ersatz;"
        "ersatztyp;backup mpn"
    ),
    "x": (
        "mid x;midx;center x;centre x;center x mm;center x mil;centerx;pos x;posx;x;x mm;"
        "x mil;x coord;xcoord;x pos;xpos;x position;location x;x location;ref x;refx;"
        "x coordinate;mid x mm;pos x mm;x in;placement x;coordx"
    ),
    "y": (
        "mid y;midy;center y;centre y;center y mm;center y mil;centery;pos y;posy;y;y mm;"
        "y mil;y coord;ycoord;y pos;ypos;y position;location y;y location;ref y;refy;"
        "y coordinate;mid y mm;pos y mm;y in;placement y;coordy"
    ),
    "rotation": ("rotation;rot;angle;orientation;rotation deg;rot deg;theta"),
    "side": ("layer;side;tb;board side;mount side;mounting side;component side;placement layer"),
    "ignored": (
        "datasheet;data sheet;url;link;links;order link;price;unit price;total price;cost;"
        "unit cost;total cost;line total;extended price;extended cost;price each;ext price;"
        "currency;stock;in stock;availability;moq;lead time;tolerance;voltage;voltage rated;"
        "power;current;temperature;temp range;packaging;rohs;weight;height;lifecycle;sheet;"
        "library;critical;checked;octopart url;line item;image;photo;category;thickness;"
        "material;tht;smd;mounting type;mounting;mount type;technology;pins;pin count;emsl;"
        "preis;einzelpreis;prix;prezzo;precio;price usd;price eur;exclude from board;"
        "lcsc assembly;to order;minimum stock;sub total;subtotal;datenblatt;schematic sheet;"
        "build;author;date;version;approver;change description;color;colour;"
        "order qty multiple;spare;spares;attrition"
    ),
}

DISTRIBUTORS = {
    "digikey": "Digi-Key",
    "digi key": "Digi-Key",
    "dk": "Digi-Key",
    "mouser": "Mouser",
    "lcsc": "LCSC",
    "jlcpcb": "LCSC",
    "jlc": "LCSC",
    "farnell": "Farnell",
    "newark": "Newark",
    "element14": "element14",
    "element 14": "element14",
    "rs components": "RS",
    "rs online": "RS",
    "rs": "RS",
    "radiospares": "RS",
    "arrow": "Arrow",
    "avnet": "Avnet",
    "tme": "TME",
    "reichelt": "Reichelt",
    "conrad": "Conrad",
    "szlcsc": "LCSC",
    "future": "Future",
    "rutronik": "Rutronik",
    "verical": "Verical",
    "tayda": "Tayda",
    "rapid": "Rapid",
    "sparkfun": "SparkFun",
    "adafruit": "Adafruit",
    "aliexpress": "AliExpress",
    "ali express": "AliExpress",
    "amazon": "Amazon",
    "distrelec": "Distrelec",
    "mcmaster": "McMaster-Carr",
    "mcmaster carr": "McMaster-Carr",
    "wuerth": "Würth",
    "bürklin": "Bürklin",
    "elfa": "Elfa",
    "seeed": "Seeed",
    "opl": "Seeed",
    "chip1stop": "Chip1Stop",
    "allied": "Allied",
    "pcbway": "PCBWay",
    "立创": "LCSC",
    "嘉立创": "LCSC",
}
